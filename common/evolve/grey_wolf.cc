#include <algorithm>
#include <array>
#include <numeric>

#include "common/evolve/algorithms.h"
#include "common/evolve/election.h"

namespace eoa::evolve {

std::vector<double> GreyWolfStep(const std::vector<api::MemberReport>& members, const Step& step, Random& random) {
  std::vector<std::size_t> rank(members.size());
  std::iota(rank.begin(), rank.end(), std::size_t{0});
  std::stable_sort(rank.begin(), rank.end(),
                   [&](std::size_t left, std::size_t right) { return Fitter(members[left], members[right]); });

  std::vector<double> rates(members.size());
  // Where alpha', beta' and delta' really go, seen from within the space: what others steer by.
  std::array<double, 3> leaders{};
  for (std::size_t place = 0; place < rank.size(); ++place) {
    const double x = step.Enter(members[rank[place]].learning_rate);
    double sum = 0;
    double terms = 0;
    if (place < leaders.size()) {
      sum += step.Toward(step.baseline(), x, random);
      ++terms;
    }
    for (std::size_t leader = 0; leader < std::min(place, leaders.size()); ++leader) {
      sum += step.Toward(leaders[leader], x, random);
      ++terms;
    }
    const double rate = step.Leave(sum / terms);
    if (place < leaders.size()) leaders[place] = step.Enter(rate);
    rates[rank[place]] = rate;
  }
  return rates;
}

}  // namespace eoa::evolve
