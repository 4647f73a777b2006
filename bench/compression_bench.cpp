// How fast operators encode, and decode and add, beside memcpy of the same floats in the same run.
//
// Every row shows GB/s of floats, the ratio to memcpy, bits per coordinate and the contraction measured on Gaussian
// floats. Good would be, at 25 Mi floats on one core: identity, f16, bf16, sign and randk 0.7 of memcpy or more; qsgd
// 0.35 encoding and 0.6 decoding; topk(ratio=0.01) 0.25 encoding. These are CPU times of the thread.
//
// Rows that end in /threads:2 share the work with a pool of two threads and show wall times: GB/s, how many times as
// fast as one thread (of_one), and how many times as fast two threads copy the same floats, half each (memcpy_of_one).
// Both are medians of runs with one and with two threads in turn. Good would be 1.7 where memcpy allows it.
#include <benchmark/benchmark.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "compression/compressor.h"
#include "compression/registry.h"
#include "daemon/worker_pool.h"

namespace {

using namespace parley;

constexpr base::RandomKey kKey{.seed = 1, .peer = {0}, .round = {7}, .stream = base::Stream::compression};

double cpu_seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Gaussian floats, the same in every run.
const std::vector<float>& gaussian(std::size_t d) {
  static std::vector<float> x;
  base::Random random({.seed = 5, .stream = base::Stream::test});
  while (x.size() < d) x.push_back(static_cast<float>(random.normal()));
  return x;
}

/// Seconds to copy d floats: the median of several batches.
double memcpy_seconds(std::size_t d) {
  const std::vector<float>& x = gaussian(d);
  std::vector<float> copy(d);
  const std::size_t batch = std::max<std::size_t>(1, (std::size_t{1} << 22) / d);
  std::vector<double> times;
  for (int repetition = 0; repetition < 9; ++repetition) {
    const double start = cpu_seconds();
    for (std::size_t i = 0; i < batch; ++i) {
      std::memcpy(copy.data(), x.data(), d * sizeof(float));
      benchmark::DoNotOptimize(copy.data());
      benchmark::ClobberMemory();
    }
    times.push_back((cpu_seconds() - start) / static_cast<double>(batch));
  }
  std::nth_element(times.begin(), times.begin() + 4, times.end());
  return times[4];
}

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

template <class Run>
double wall_seconds_of(Run run) {
  const double start = wall_seconds();
  run();
  benchmark::ClobberMemory();
  return wall_seconds() - start;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// How many times as fast `two` is as `one`: of the medians of runs in turn.
template <class One, class Two>
double speed_up(One one, Two two) {
  constexpr int kRuns = 9;
  std::vector<double> ones, twos;
  for (int i = 0; i < kRuns; ++i) {
    ones.push_back(wall_seconds_of(one));
    twos.push_back(wall_seconds_of(two));
  }
  return median(ones) / median(twos);
}

/// What the caller and one thread of a pool of two share.
daemon::WorkerPool& pool() {
  static daemon::WorkerPool workers(2);
  return workers;
}

double memcpy_speed_up(std::size_t d) {
  const float* x = gaussian(d).data();
  std::vector<float> copy(d);
  const std::size_t half = d / 2;
  return speed_up([&] { std::memcpy(copy.data(), x, d * sizeof(float)); },
                  [&] {
                    pool().run(2, [&](std::size_t task, std::size_t) {
                      std::memcpy(copy.data() + task * half, x + task * half, half * sizeof(float));
                    });
                  });
}

/// One operator and size, ready to run.
struct Setup {
  Setup(const std::string& spec, std::size_t size)
      : d(size),
        compressor(compression::make_compressor(spec, base::ParameterLayout())),
        state(compressor->make_state()),
        payload(compressor->max_payload_size(d)),
        y(d) {
    encode();
  }

  std::span<const float> x() const { return {gaussian(d).data(), d}; }
  void encode() { bytes = *compressor->encode(x(), kKey, *state, payload); }
  void decode_add(float scale) {
    const auto added = compressor->decode_add({payload.data(), bytes}, kKey, scale, *state, y);
    if (!added) std::abort();
  }

  /// 1 - |C(x) - x|^2 / |x|^2
  double delta() {
    std::fill(y.begin(), y.end(), 0.0f);
    decode_add(1.0f);
    double error = 0, energy = 0;
    for (std::size_t i = 0; i < d; ++i) {
      error += std::pow(static_cast<double>(y[i]) - x()[i], 2);
      energy += std::pow(static_cast<double>(x()[i]), 2);
    }
    return 1 - error / energy;
  }

  std::size_t d;
  std::unique_ptr<compression::Compressor> compressor;
  std::unique_ptr<compression::State> state;
  std::vector<std::byte> payload;
  std::vector<float> y;
  std::size_t bytes = 0;
};

template <class Run>
void measure(benchmark::State& bench, const std::string& spec, Run run) {
  Setup setup(spec, static_cast<std::size_t>(bench.range(0)));
  const double delta = setup.delta();
  // Half of what is guaranteed, because random operators keep their promise only on average.
  if (delta < setup.compressor->properties(setup.d).delta / 2) bench.SkipWithError("the contraction is not kept");
  const double reference = memcpy_seconds(setup.d);
  std::size_t iterations = 0;
  const double start = cpu_seconds();
  for (auto _ : bench) {
    run(setup);
    benchmark::ClobberMemory();
    ++iterations;
  }
  const double seconds = (cpu_seconds() - start) / static_cast<double>(std::max<std::size_t>(1, iterations));
  const auto floats = static_cast<double>(setup.d);
  bench.counters["GB/s"] = 4e-9 * floats / seconds;
  bench.counters["of_memcpy"] = reference / seconds;
  bench.counters["bits"] = 8 * static_cast<double>(setup.bytes) / floats;
  bench.counters["delta"] = delta;
}

/// `run` drives a Setup; the second one shares its work.
template <class Run>
void measure_shared(benchmark::State& bench, const std::string& spec, Run run) {
  const auto d = static_cast<std::size_t>(bench.range(0));
  Setup alone(spec, d), shared(spec, d);
  shared.state->share_with(pool());
  const auto one = [&] { run(alone); };
  const auto two = [&] { run(shared); };
  one();
  two();
  if (shared.payload != alone.payload) bench.SkipWithError("two threads make another payload");
  double seconds = 0;
  std::size_t iterations = 0;
  for (auto _ : bench) {
    seconds += wall_seconds_of(two);
    ++iterations;
  }
  bench.counters["GB/s"] = 4e-9 * static_cast<double>(d * iterations) / seconds;
  bench.counters["of_one"] = speed_up(one, two);
  bench.counters["memcpy_of_one"] = memcpy_speed_up(d);
}

void register_operator(const std::string& spec) {
  const auto encode = [spec](benchmark::State& bench) { measure(bench, spec, [](Setup& setup) { setup.encode(); }); };
  const auto decode = [spec](benchmark::State& bench) {
    // The sign alternates, so that y stays where it is.
    measure(bench, spec, [sign = 1.0f](Setup& setup) mutable { setup.decode_add(sign = -sign); });
  };
  for (const int size : {4 << 10, 64 << 10, 1 << 20, 25 << 20}) {
    benchmark::RegisterBenchmark((spec + "/encode").c_str(), encode)->Arg(size);
    benchmark::RegisterBenchmark((spec + "/decode_add").c_str(), decode)->Arg(size);
  }
  const auto shared_encode = [spec](benchmark::State& bench) {
    measure_shared(bench, spec, [](Setup& setup) { setup.encode(); });
  };
  const auto shared_decode = [spec](benchmark::State& bench) {
    measure_shared(bench, spec, [sign = 1.0f](Setup& setup) mutable { setup.decode_add(sign = -sign); });
  };
  for (const int size : {1 << 20, 25 << 20}) {
    for (const auto& [name, shared] :
         {std::pair<const char*, std::function<void(benchmark::State&)>>{"encode", shared_encode},
          {"decode_add", shared_decode}})
      benchmark::RegisterBenchmark(fmt::format("{}/{}/threads:2", spec, name).c_str(), shared)
          ->Arg(size)
          ->UseRealTime();
  }
}

}  // namespace

int main(int argc, char** argv) {
  for (const compression::Row& row : compression::registry()) register_operator(std::string(row.name));
  for (const char* spec : {"topk(ratio=0.1)",
                           "randk(ratio=0.5)",
                           "qsgd(bits=2)",
                           "qsgd(bits=8)",
                           "qsgd(norm=l2)",
                           "sign(block=1024)",
                           "topk | qsgd",
                           "topk | bf16",
                           "sign(block=tensor)",
                           "onebit(block=tensor)",
                           "fixed(int_bits=2, frac_bits=6)",
                           "fixed(rounding=nearest)",
                           "twn(threshold=0.7)",
                           "twn(threshold=0.7, block=tensor)",
                           "ttq(threshold=optimal)",
                           "wage(bits=4)",
                           "wage(rounding=stochastic)",
                           "mx(element=int4)",
                           "mx(element=e4m3)",
                           "mx(element=e2m1)",
                           "natural(rounding=nearest)",
                           "uniform(bits=8)",
                           "uniform(bits=2)",
                           "uniform(rounding=nearest)",
                           "uniform(range=absmax)",
                           "dorefa(bits=8)",
                           "qsgd(bits=2, norm=l2, code=elias)",
                           "qsgd(code=elias)",
                           "clip(mantissa=3)",
                           "zipml(bits=4)",
                           "ecq(levels=1, norm=l2)"})
    register_operator(spec);
  for (const char* spec :
       {"blocktopk(keep=blocks)", "threshold(value=2.5)", "sampledtopk(ratio=0.1)", "lowrank(rank=4)", "eden(bits=2)",
        "eden(bits=4)", "sketch(rows=3)", "atomo(basis=dct)", "atomo(basis=haar)", "qsgd | entropy",
        "qsgd(bits=2, norm=l2) | entropy", "kmeans(k=4)", "kmeans | entropy"})
    register_operator(spec);
  for (const char* spec : {"product(k=16)", "product(k=256)", "product(m=2, k=16)", "product(m=8, k=256)",
                           "residual(k=16)", "kmeans | huffman", "qsgd(bits=3) | entropy", "bf16 | entropy",
                           "qsgd | huffman", "onebit(block=column)", "signsgd(rounding=stochastic)"})
    register_operator(spec);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
