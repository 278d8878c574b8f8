// The scripted API server as a program: prints its port, serves until its standard input ends, then prints how many
// objects were written.
#include <iostream>
#include <string>

#include "tests/fakes/scripted_api_server.h"

int main() {
  eoa::ScriptedApiServer server;
  std::cout << server.url() << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    if (line == "writes") std::cout << server.objects().writes() << std::endl;
  }
  return 0;
}
