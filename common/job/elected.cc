#include "common/job/elected.h"

#include "common/codec/visitor.h"

namespace eoa::api {

void Fields(codec::Visitor& v, Elected& value) {
  v.Type("elected", "Elected", "The best member of the ecosphere.");
  v.Text("population", value.population, {}, "Its population");
  v.Integer("member", value.member, {.most = 4095}, "Its number there");
  v.Number("learningRate", value.learning_rate, {.least = 0}, "Its LR");
  v.Number("fitness", value.fitness, {.least = 0, .most = 1}, "Its fitness");
  v.Integer("generation", value.generation, {.most = 1'000'000'000},
            "Whose report won: in Async mode it may be older than the round's");
}

}  // namespace eoa::api
