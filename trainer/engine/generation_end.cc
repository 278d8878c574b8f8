#include "trainer/engine/generation_end.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include "common/base/log.h"
#include "common/base/number.h"
#include "common/evolve/probe.h"
#include "trainer/checkpoint/checkpoint.h"
#include "trainer/engine/merge.h"

namespace eoa::train {
namespace {

// A member's row in what the members sum up.
enum Column : std::int64_t { kRate, kFitness, kTrainLoss, kImagesPerSecond, kFitnessLoss, kTakesPart, kColumns };
constexpr std::uint64_t kMaxWeightsBytes = std::uint64_t{1} << 38;
constexpr int kNoRoot = -1;
constexpr double kNoLoss = -1;  // a cross entropy is never negative

std::vector<double> ToVector(const at::Tensor& tensor) {
  const auto* data = tensor.const_data_ptr<double>();
  return {data, data + tensor.numel()};
}

}  // namespace

int GenerationEnd::members() const {
  const int index = api::FindPopulation(spec(), options_.population);
  return spec().population(index).members;
}

bool GenerationEnd::others_need_weights() const {
  return spec().populations.size() > 1 && spec().ecosphere.gradient_scope == api::GradientScope::kPopulation;
}

Result<int> GenerationEnd::Report(int generation, const api::MemberReport& own, double images_per_second,
                                  bool takes_part) {
  // Each fills its own row; the others' are zero, so that the sum is all rows.
  at::Tensor rows = at::zeros({members(), kColumns}, at::kDouble);
  auto* row = rows.mutable_data_ptr<double>() + options_.member * kColumns;
  row[kRate] = own.learning_rate;
  row[kFitness] = takes_part ? own.fitness : 0;
  row[kTrainLoss] = own.train_loss;
  row[kImagesPerSecond] = images_per_second;
  row[kFitnessLoss] = own.fitness_loss && std::isfinite(*own.fitness_loss) ? *own.fitness_loss : kNoLoss;
  row[kTakesPart] = takes_part ? 1 : 0;
  EOA_RETURN_IF_ERROR(options_.groups->population().AllReduceSum(rows));
  const int participants = static_cast<int>(rows.select(1, kTakesPart).sum().item<double>());
  if (!leads()) return participants;
  GenerationEndMessage message{.generation = generation, .members = {}, .images_per_second = 0};
  const auto* values = rows.const_data_ptr<double>();
  for (int member = 0; member < members(); ++member, values += kColumns) {
    const double loss = values[kFitnessLoss];
    message.members.push_back({.member = member,
                               .learning_rate = values[kRate],
                               .fitness = values[kFitness],
                               .train_loss = values[kTrainLoss],
                               .fitness_loss = loss == kNoLoss ? std::nullopt : std::optional(loss)});
    message.images_per_second += values[kImagesPerSecond];
    if (values[kTakesPart] == 0 && !evolve::Probes(spec(), generation)) {
      Log(LogLevel::kWarning, "a member has diverged; its weights are left out of the merge",
          {{"generation", std::to_string(generation)},
           {"population", options_.population},
           {"member", std::to_string(member)},
           {"learningRate", FormatShort(values[kRate], 4)}});
    }
  }
  options_.channel->Send(message);
  return participants;
}

// Every leader gets a message. With several populations in one world the first leader's counts for all, since a
// population without the broker's decision may have made its own.
Result<int> GenerationEnd::TakeRoot() {
  int root = kNoRoot;
  if (leads()) {
    EOA_ASSIGN_OR_RETURN(const MergeMessage merge, options_.channel->Await<MergeMessage>(options_.agent_timeout));
    root = RootOfMerge(spec(), options_.population, merge).value_or(kNoRoot);
  }
  at::Tensor shared = at::tensor(static_cast<std::int64_t>(root), at::kLong);
  EOA_RETURN_IF_ERROR(options_.groups->world().Broadcast(shared, 0));
  return static_cast<int>(shared.item<std::int64_t>());
}

Status GenerationEnd::Merge(int generation, FlatWeights& weights, bool takes_part, int participants) {
  leader_merged_ = false;
  if (spec().ecosphere.weight_merge == api::WeightMerge::kNone) return OkStatus();
  Comm& world = options_.groups->world();
  int root = kNoRoot;
  if (spec().ecosphere.weight_merge == api::WeightMerge::kBest) {
    EOA_ASSIGN_OR_RETURN(root, TakeRoot());
  }
  if (root != kNoRoot) {
    EOA_RETURN_IF_ERROR(CopyWeights(world, weights, root));
  } else {
    int count = participants;
    leader_merged_ = others_need_weights();
    if (!leader_merged_) {
      EOA_ASSIGN_OR_RETURN(count, AverageWeights(world, weights, takes_part));
    } else if (participants > 0) {
      EOA_RETURN_IF_ERROR(AverageWeightsAt(world, weights, takes_part, 0));
    }
    if (count == 0) {
      return Error(ErrorCode::kOutOfRange, "all members have diverged in generation " + std::to_string(generation) +
                                               ": lower the learning rates (ecosphere.baseLearningRate, " +
                                               "algorithm.maxLearningRate) or clip gradients");
    }
  }
  return Publish(generation, weights);
}

Status GenerationEnd::Publish(int generation, const FlatWeights& weights) {
  if (!leads() || !others_need_weights()) return OkStatus();
  const auto path = [&](int of) {
    return JoinPath(options_.directory, "weights-" + std::to_string(of) + ".safetensors");
  };
  const Result<WrittenFile> written =
      WriteSafetensors(*options_.files, path(generation), weights.Arrays(), options_.metadata, Durability::kTransient);
  if (!written.ok()) return OfStorage(written.error());
  options_.channel->Send(MergedMessage{
      .generation = generation, .file = path(generation), .crc32 = written->crc32, .bytes = written->bytes});
  // Populations that exchange asynchronously may still ask for weights as old as maxStaleness.
  const int expired = generation - 2 - spec().ecosphere.exchange.max_staleness;
  if (expired < 0) return OkStatus();
  if (const Status removed = options_.files->Remove(path(expired)); !removed.ok()) {
    Log(LogLevel::kWarning, "old weights are not removed", {{"error", removed.error().message()}});
  }
  return OkStatus();
}

Status GenerationEnd::Mix(const NextMessage& next, FlatWeights& weights) const {
  weights.Scale(next.own_weight);
  for (const ForeignWeights& foreign : next.foreign) {
    const Result<std::string> bytes = options_.files->ReadFile(foreign.file, kMaxWeightsBytes);
    if (!bytes.ok()) return OfStorage(bytes.error());
    const Result<Safetensors> parsed = ParseSafetensors(*bytes);
    if (!parsed.ok()) return OfStorage(parsed.error());
    const Safetensors& file = *parsed;
    Status status = weights.Add(file, foreign.weight);
    if (!status.ok()) return std::move(status).error().WithContext("mixing in " + foreign.file);
  }
  return OkStatus();
}

Result<std::vector<double>> GenerationEnd::TakeNext(int generation, FlatWeights& weights) {
  const int next_generation = generation + 1;
  const bool last = next_generation == spec().ecosphere.generations;
  Comm& population = options_.groups->population();
  NextMessage next;
  bool copied = leader_merged_;
  if (leads()) {
    EOA_ASSIGN_OR_RETURN(next, options_.channel->Await<NextMessage>(options_.agent_timeout));
    const std::size_t expected = last ? 0 : static_cast<std::size_t>(members());
    if (next.generation != next_generation || next.learning_rates.size() != expected) {
      return InternalError("the agent's next message is not for generation " + std::to_string(next_generation));
    }
    if (!next.foreign.empty()) {
      EOA_RETURN_IF_ERROR(Mix(next, weights));
      copied = true;
    }
  }
  at::Tensor shared = at::tensor(static_cast<std::int64_t>(copied ? 1 : 0), at::kLong);
  EOA_RETURN_IF_ERROR(population.Broadcast(shared, 0));
  if (shared.item<std::int64_t>() != 0) EOA_RETURN_IF_ERROR(CopyWeights(population, weights, 0));
  if (last) return std::vector<double>{};
  return ShareRates(next.learning_rates);
}

Result<std::vector<double>> GenerationEnd::ShareRates(const std::vector<double>& rates) {
  at::Tensor shared = at::zeros({members()}, at::kDouble);
  if (leads()) {
    if (rates.size() != static_cast<std::size_t>(members())) {
      return InternalError("the agent gave " + std::to_string(rates.size()) + " learning rates for " +
                           std::to_string(members()) + " members");
    }
    std::copy(rates.begin(), rates.end(), shared.mutable_data_ptr<double>());
  }
  EOA_RETURN_IF_ERROR(options_.groups->population().Broadcast(shared, 0));
  return ToVector(shared);
}

Result<FinishMessage> GenerationEnd::TakeFinish() {
  FinishMessage finish;
  if (leads()) {
    EOA_ASSIGN_OR_RETURN(finish, options_.channel->Await<FinishMessage>(options_.agent_timeout));
  }
  at::Tensor shared = at::tensor(at::ArrayRef<std::int64_t>{finish.measure_test ? 1 : 0, finish.member});
  EOA_RETURN_IF_ERROR(options_.groups->population().Broadcast(shared, 0));
  finish.measure_test = shared[0].item<std::int64_t>() != 0;
  finish.member = static_cast<int>(shared[1].item<std::int64_t>());
  if (finish.member < 0 || finish.member >= members())
    return InternalError("the agent named member " + std::to_string(finish.member) + ", but there are members 0 to " +
                         std::to_string(members() - 1));
  return finish;
}

}  // namespace eoa::train
