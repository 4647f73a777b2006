// How long a peer takes to say how it is while it trains.
//
//   status_latency [QUESTIONS]      asks all running peers in turn, QUESTIONS times each (default 200)
//
// Start a swarm first. Good is a 99th percentile below 10 ms: a thread of its own answers, from what the event loop
// published last.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>
#include <vector>

#include "daemon/config.h"
#include "daemon/control_client.h"
#include "daemon/runtime_directory.h"

int main(int argc, char** argv) {
  using namespace parley;
  using Clock = std::chrono::steady_clock;
  const int questions = argc > 1 ? std::atoi(argv[1]) : 200;
  const auto endpoints = daemon::live_endpoints(daemon::runtime_directory(daemon::process_environment()));
  if (endpoints.empty()) {
    fmt::print(stderr, "status_latency: no peer is running; start one with: parley swarm FILE\n");
    return 1;
  }
  daemon::ControlClient client;
  std::vector<double> milliseconds;
  for (int i = 0; i < questions; ++i) {
    for (const std::string& endpoint : endpoints) {
      const auto start = Clock::now();
      const auto answer = client.ask(endpoint, wire::AskStatus{}, std::chrono::seconds(5));
      const double took = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
      if (!answer) {
        fmt::print(stderr, "status_latency: {}\n", answer.refusal().detail);
        return 1;
      }
      milliseconds.push_back(took);
      // A look now and then, as a person or a monitor takes it: a flood would measure itself.
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  std::sort(milliseconds.begin(), milliseconds.end());
  const auto at = [&](double share) {
    return milliseconds[std::min(milliseconds.size() - 1,
                                 static_cast<std::size_t>(share * static_cast<double>(milliseconds.size())))];
  };
  fmt::print("{} answers of {} peers: median {:.2f} ms, 90 % {:.2f} ms, 99 % {:.2f} ms, longest {:.2f} ms\n",
             milliseconds.size(), endpoints.size(), at(0.5), at(0.9), at(0.99), milliseconds.back());
  return 0;
}
