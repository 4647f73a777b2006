#include "daemon/trial.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/random.h"
#include "daemon/text_table.h"
#include "learning/datasets/npy_file.h"

namespace parley::daemon {
namespace {

/// Seconds of the fastest run: the first one fills caches and makes the state's memory.
template <class Body>
double fastest(Body&& body) {
  using Clock = std::chrono::steady_clock;
  constexpr int kLeastRuns = 3;
  constexpr std::chrono::milliseconds kEnough{200};
  double best = std::numeric_limits<double>::infinity();
  const auto start = Clock::now();
  for (int run = 0; run < kLeastRuns || (run < 1000 && Clock::now() - start < kEnough); ++run) {
    const auto began = Clock::now();
    body();
    best = std::min(best, std::chrono::duration<double>(Clock::now() - began).count());
  }
  return best;
}

/// |a - b|^2 / |b|^2, 0 if b is zero.
double relative_error(std::span<const float> a, std::span<const float> b) {
  double lost = 0, all = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    const double x = static_cast<double>(b[i]), difference = static_cast<double>(a[i]) - x;
    lost += difference * difference;
    all += x * x;
  }
  return all > 0 ? lost / all : 0;
}

double bits_of(const Trial& trial) {
  return 8 * static_cast<double>(trial.payload_bytes) / static_cast<double>(std::max<std::size_t>(1, trial.d));
}

double gigabytes_per_second(const Trial& trial, double seconds) {
  return seconds > 0 ? 4e-9 * static_cast<double>(trial.d) / seconds : 0;
}

}  // namespace

Trial try_compressor(const std::string& spec, std::span<const float> x) {
  const auto compressor = compression::make_compressor(spec, base::ParameterLayout::flat(x.size()));
  Trial trial{.spec = compressor->spec(), .d = x.size(), .properties = compressor->properties(x.size())};
  const base::RandomKey key{.seed = 1, .stream = base::Stream::compression};

  // The error is that of a first payload; an operator that learns from its last input does better later.
  std::vector<std::byte> payload(compressor->max_payload_size(x.size()));
  const auto state = compressor->make_state();
  const auto size = compressor->encode(x, key, *state, payload);
  if (!size)
    throw base::OperatorError(fmt::format("{} cannot encode this vector: {}", trial.spec, size.refusal().detail));
  trial.payload_bytes = *size;
  std::vector<float> y(x.size());
  const auto bytes = std::span<const std::byte>(payload).first(*size);
  const auto decoded = compressor->decode_add(bytes, key, 1.0f, *state, y);
  PARLEY_CHECK(decoded.ok(), decoded.refusal().reason, decoded.refusal().detail);
  trial.error = relative_error(y, x);

  trial.decode_seconds = fastest([&] { (void)compressor->decode_add(bytes, key, 1.0f, *state, y); });
  std::vector<std::byte> again(payload.size());
  trial.encode_seconds = fastest([&] { (void)compressor->encode(x, key, *state, again); });
  trial.copy_seconds = fastest([&] { std::memcpy(y.data(), x.data(), x.size_bytes()); });
  return trial;
}

std::vector<float> gaussian_floats(std::size_t d) {
  base::Random random({.seed = 1, .stream = base::Stream::test});
  std::vector<float> x(d);
  for (float& value : x) value = static_cast<float>(random.normal());
  return x;
}

std::vector<float> npy_floats(const std::filesystem::path& path) {
  learning::NpyFile file(path);
  std::vector<double> row(file.row_size());
  std::vector<float> x;
  for (std::size_t i = 0; i < file.rows(); ++i) {
    file.read_row(row);
    for (const double value : row) x.push_back(static_cast<float>(value));
  }
  file.expect_end();
  return x;
}

std::string trial_text(const Trial& trial) {
  const auto& promised = trial.properties;
  TextTable table({"", "here", "promised"});
  table.add({"payload", fmt::format("{} bytes", trial.payload_bytes), ""});
  table.add({"bits per coordinate", fmt::format("{:.4g}", bits_of(trial)),
             fmt::format("{:.4g}", promised.bits_per_coordinate)});
  table.add({"smaller than floats", fmt::format("{:.4g} times", 32 / std::max(bits_of(trial), 1e-9)), ""});
  table.add({"|C(x) - x|^2 / |x|^2", fmt::format("{:.4g}", trial.error),
             promised.delta > 0  ? fmt::format("at most {:.4g} on average", 1 - promised.delta)
             : promised.unbiased ? fmt::format("at most {:.4g} on average", promised.omega)
                                 : "-"});
  table.add({"unbiased", "", promised.unbiased ? "yes" : "no"});
  const auto speed = [&](double seconds) {
    return fmt::format("{:.3f} ms, {:.3g} GB/s of floats, {:.2f} of copying them", 1e3 * seconds,
                       gigabytes_per_second(trial, seconds), seconds > 0 ? trial.copy_seconds / seconds : 0);
  };
  table.add({"encoding", speed(trial.encode_seconds), ""});
  table.add({"decoding and adding", speed(trial.decode_seconds), ""});
  return fmt::format("{} on {} floats, one thread\n\n{}", trial.spec, trial.d, table.text());
}

std::string trial_json(const Trial& trial) {
  const nlohmann::ordered_json report = {
      {"spec", trial.spec},
      {"d", trial.d},
      {"payload_bytes", trial.payload_bytes},
      {"bits_per_coordinate", bits_of(trial)},
      {"error", trial.error},
      {"seconds",
       {{"encode", trial.encode_seconds}, {"decode_add", trial.decode_seconds}, {"copy", trial.copy_seconds}}},
      {"properties",
       {{"delta", trial.properties.delta},
        {"unbiased", trial.properties.unbiased},
        {"omega", trial.properties.omega},
        {"bits_per_coordinate", trial.properties.bits_per_coordinate}}}};
  return report.dump(2) + '\n';
}

}  // namespace parley::daemon
