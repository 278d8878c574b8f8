#include "trainer/model/transformer_layers.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/dropout.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/unbind.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <vector>

namespace eoa::train {
namespace {

constexpr double kEpsilon = 1e-6;

at::Tensor GlorotUniform(std::int64_t in, std::int64_t out, Initial& initial) {
  if (!initial.draw) return at::zeros({out, in});
  const double bound = std::sqrt(6.0 / static_cast<double>(in + out));
  return at::empty({out, in}).uniform_(-bound, bound, initial.random);
}

}  // namespace

at::Tensor NormalWeight(at::IntArrayRef shape, double deviation, Initial& initial) {
  if (!initial.draw) return at::zeros(shape);
  return at::empty(shape).normal_(0, deviation, initial.random);
}

Dense::Dense(ParameterSet& set, const std::string& name, std::int64_t in, std::int64_t out, Initial& initial)
    : weight_(set.AddParameter(name + ".weight", GlorotUniform(in, out, initial))),
      bias_(set.AddParameter(name + ".bias", at::zeros({out}))) {}

at::Tensor Dense::operator()(const at::Tensor& x) const { return at::linear(x, weight_, bias_); }

LayerNorm::LayerNorm(ParameterSet& set, const std::string& name, std::int64_t width)
    : weight_(set.AddParameter(name + ".weight", at::ones({width}))),
      bias_(set.AddParameter(name + ".bias", at::zeros({width}))) {}

at::Tensor LayerNorm::operator()(const at::Tensor& x) const {
  return at::layer_norm(x, weight_.sizes(), weight_, bias_, kEpsilon);
}

at::Tensor Dropout(const at::Tensor& x, double probability, const Pass& pass) {
  return pass.training && probability > 0 ? at::dropout(x, probability, true) : x;
}

EncoderBlock::EncoderBlock(ParameterSet& set, const std::string& name, const EncoderOptions& options, Initial& initial)
    : options_(options),
      norm1_(set, name + ".norm1", options.width),
      query_key_value_(set, name + ".attn.qkv", options.width, 3 * options.width, initial),
      project_(set, name + ".attn.proj", options.width, options.width, initial),
      norm2_(set, name + ".norm2", options.width),
      expand_(set, name + ".mlp.fc1", options.width, options.mlp_width, initial),
      contract_(set, name + ".mlp.fc2", options.mlp_width, options.width, initial) {}

at::Tensor EncoderBlock::Attend(const at::Tensor& x, const Pass& pass) const {
  const std::int64_t images = x.size(0);
  const std::int64_t tokens = x.size(1);
  const std::int64_t features = options_.width / options_.heads;
  // Three of [N, heads, T, features], in one node of the graph: its backward fills one tensor, not three with zeros.
  const std::vector<at::Tensor> all =
      at::unbind(query_key_value_(x).reshape({images, tokens, 3, options_.heads, features}).permute({2, 0, 3, 1, 4}));
  const at::Tensor mixed = at::scaled_dot_product_attention(all[0], all[1], all[2], /*attn_mask=*/{},
                                                            pass.training ? options_.attention_dropout : 0.0);
  return project_(mixed.transpose(1, 2).reshape({images, tokens, options_.width}));
}

// The branch of an image is there or not as a whole, scaled so that its mean stays.
at::Tensor EncoderBlock::Branch(const at::Tensor& branch, const Pass& pass) const {
  at::Tensor kept = Dropout(branch, options_.dropout, pass);
  if (!pass.training || options_.skip == 0) return kept;
  const double keep = 1 - options_.skip;
  return kept * at::empty({kept.size(0), 1, 1}, kept.options()).bernoulli_(keep).div_(keep);
}

at::Tensor EncoderBlock::Forward(const at::Tensor& x, const Pass& pass) const {
  const at::Tensor attended = x + Branch(Attend(norm1_(x), pass), pass);
  const at::Tensor hidden = Dropout(at::gelu(expand_(norm2_(attended))), options_.dropout, pass);
  return attended + Branch(contract_(hidden), pass);
}

}  // namespace eoa::train
