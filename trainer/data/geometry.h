// Where augmentations cut: pure functions of an image's size and of random numbers. All lengths are pixels.
#pragma once

#include "common/base/random.h"

namespace eoa::train {

// A rectangle of an image, possibly between pixels: pixel k covers [k, k + 1).
struct Box {
  double left = 0;
  double top = 0;
  double width = 0;
  double height = 0;
};

// The centred square whose side is `fraction` of the shorter side: resizing the shorter side to R and cutting S x S
// out of the centre shows CentreSquare(w, h, S / R), resized to S x S.
Box CentreSquare(int width, int height, double fraction);

// torchvision's RandomResizedCrop: an area of `least_area` to 1 of the image, uniform, and an aspect ratio of 3/4 to
// 4/3, uniform on a log scale, in whole pixels at a uniform place; after ten draws that do not fit, the largest centred
// rectangle whose ratio is within those bounds.
Box RandomResizedCrop(Random& random, int width, int height, double least_area);

// A square of `side` pixels, cut at the image's edges: rows [top, bottom), columns [left, right).
struct Square {
  int top = 0;
  int left = 0;
  int bottom = 0;
  int right = 0;
};

// davda54/sam's Cutout for an image of size x size: its corner is uniform in [-side/2, size - side/2).
Square CutoutSquare(Random& random, int size, int side);

}  // namespace eoa::train
