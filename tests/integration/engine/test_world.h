// Real worker processes without an agent: the test speaks the worker protocol with them (docs/protocol.md, "Agent and
// worker").
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/base/result.h"
#include "common/base/subprocess.h"
#include "common/job/job.h"
#include "trainer/config/worker_protocol.h"

namespace eoa::train {

// How long a test waits for anything before it fails; far longer than anything takes.
inline constexpr std::chrono::seconds kPatience{60};

class TestWorker {
 public:
  TestWorker(const StartMessage& start, int store_socket);
  ~TestWorker();

  void Tell(const ToWorker& message);

  // The next message of that kind, within kPatience; all others before it are kept for their own Await. An ErrorMessage
  // or the end of the channel fails the test.
  template <typename Message>
  Message Await() {
    for (;;) {
      for (auto it = received_.begin(); it != received_.end(); ++it) {
        if (Message* message = std::get_if<Message>(&*it)) {
          Message found = std::move(*message);
          received_.erase(it);
          return found;
        }
      }
      if (!ReadMore()) {
        ADD_FAILURE() << "the worker's channel has ended: " << Errors();
        return {};
      }
    }
  }

  // How it ended, within kPatience.
  ExitStatus AwaitExit();

  // The messages of all ErrorMessages so far and of those still to come before the channel ends.
  std::string Errors();

  void Kill(int signal);
  void CloseChannel();
  bool exited() { return process_->Poll().has_value(); }

 private:
  bool ReadMore();

  int channel_ = -1;
  std::unique_ptr<Subprocess> process_;
  std::string text_;
  std::deque<FromWorker> received_;
};

// Workers of one attempt, one for each member of the job, each in a pod of its own unless the job says otherwise.
class TestWorld {
 public:
  // `directory`: below it each pod has its own, kept from attempt to attempt.
  // `rates`: of each population's members in the first generation; 0.1 for all unless given.
  TestWorld(const api::Job& job, const std::string& directory, int resume_generation = 0,
            const std::vector<double>& rates = {});

  // By population (index in the job) and member.
  TestWorker& worker(int population, int member);
  TestWorker& leader(int population = 0) { return worker(population, 0); }
  std::vector<TestWorker*> all();
  std::string PodDirectory(int population, int member) const;

  // Plays the agents' part for a whole generation: every leader's report is answered with `rates`. Returns the reports
  // by population.
  std::vector<GenerationEndMessage> PlayGeneration(int generation, double rate);

  // After the last generation: asks for the test accuracy (weightMerge None: of that member); returns the leaders'
  // results, all workers having exited with kOk.
  std::vector<ResultMessage> PlayFinish(int member = 0);

 private:
  api::Job job_;
  std::string directory_;
  std::map<std::pair<int, int>, std::unique_ptr<TestWorker>> workers_;
};

// A small job on the CIFAR-10 subset of manifests/samples: wrn-10-1, SGD, 3 steps of 16 images a generation, one
// population "wolves" with Fixed rates. Change what the test is about; not validated.
api::Job SmallJob(int members, int generations);

// A fresh directory, removed with the object.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string ReadBytes(const std::string& path);

}  // namespace eoa::train
