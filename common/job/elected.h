// The best member of an ecosphere, as decisions, statuses and reports name it.
#pragma once

#include <string>

namespace eoa::codec {
class Visitor;
}

namespace eoa::api {

struct Elected {
  std::string population;
  int member = 0;
  double learning_rate = 0;
  double fitness = 0;
  int generation = 0;  // whose report won: in Async mode it may be older than the round's

  friend bool operator==(const Elected&, const Elected&) = default;
};

void Fields(codec::Visitor& v, Elected& value);

}  // namespace eoa::api
