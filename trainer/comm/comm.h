// Comm: how the members of a group talk. One of the five seams (docs/architecture.md): c10d with Gloo in production
// (meeting.h), threads of one process in tests (tests/fakes/thread_world.h), nothing at all for a group of one.
//
// Collectives: every member calls the same functions in the same order with tensors of the same shape and type. Each of
// them ends within the group's timeout: Unavailable means that a peer is lost or too slow; the group is then broken,
// and only a new attempt with new processes helps. Results are the same bits on every member, and the same bits again
// for the same inputs. Thread-safety: none; one owner thread.
#pragma once

#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

#include "common/base/clock.h"
#include "common/base/result.h"

namespace eoa::train {

// Gradients of one model, averaged over a group while backward still runs.
class GradientReducer {
 public:
  virtual ~GradientReducer() = default;

  // Runs backward from the scalar `loss` and adds to the parameters' gradients. With `average`, the accumulated
  // gradients are then replaced by their mean over the group. Without, nothing is sent: the members' gradients differ.
  // Gradients that were dropped before are made anew; those that were zeroed in place stay where they are.
  virtual Status Backward(const at::Tensor& loss, bool average) = 0;

  // How long Backward has waited for other members so far, in all: the part of sending that backward did not hide.
  virtual Duration waited() const = 0;
};

class Comm {
 public:
  virtual ~Comm() = default;

  virtual int rank() const = 0;
  virtual int size() const = 0;

  // Replaces `tensor` (dense; on the CPU, or on the group's GPUs) by the sum over all members.
  virtual Status AllReduceSum(at::Tensor& tensor) = 0;

  // Replaces the tensor of `root` by the sum over all members, at about half the traffic of AllReduceSum; those of the
  // others hold nothing useful afterwards.
  virtual Status ReduceSum(at::Tensor& tensor, int root) = 0;

  // Replaces `tensor` by that of `root`.
  virtual Status Broadcast(at::Tensor& tensor, int root) = 0;

  // `parameters`: leaves that all receive a gradient in every backward. The group must outlive the reducer.
  virtual Result<std::unique_ptr<GradientReducer>> MakeReducer(std::vector<at::Tensor> parameters) = 0;
};

// A group with one member: collectives return at once.
std::unique_ptr<Comm> MakeSoloComm();

}  // namespace eoa::train
