// none: what the operator loses is lost.
#include "compression/feedback/schemes.h"

namespace parley::compression {
namespace {

class NoneSender final : public FeedbackSender {
 public:
  NoneSender(const Compressor& compressor, std::size_t d, std::string_view spec)
      : FeedbackSender(compressor, d, fmt::format("{} sender", spec)) {}

  base::Result<std::optional<std::size_t>> encode(std::span<const float> x, const base::RandomKey& key,
                                                  std::span<std::byte> out) override {
    PARLEY_CHECK(x.size() == size(), x.size(), size());
    const auto bytes = compressor_.encode(x, key, *state_, out);
    if (!bytes) return bytes.refusal();
    return std::optional(*bytes);
  }
};

class None final : public Feedback {
 public:
  explicit None(std::string spec) : Feedback(std::move(spec)) {}

  std::unique_ptr<FeedbackSender> sender(const Compressor& compressor, std::size_t d) const override {
    return std::make_unique<NoneSender>(compressor, d, spec());
  }
};

}  // namespace

FeedbackRow none_feedback_row() {
  return {.name = "none",
          .summary = "what the operator loses is lost",
          .source = "Alistarh et al. 2017",
          .parameters = {},
          .make = [](const base::Arguments& arguments) -> std::unique_ptr<Feedback> {
            return std::make_unique<None>(arguments.canonical());
          }};
}

}  // namespace parley::compression
