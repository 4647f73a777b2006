// What every feedback scheme promises, and what only some do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <set>

#include "feedback_link.h"
#include "subjects.h"

namespace parley::compression::test {
namespace {

struct Pair {
  std::string feedback, spec;
};
void PrintTo(const Pair& pair, std::ostream* out) {
  *out << pair.feedback << " with " << pair.spec;
}

const std::vector<Pair>& pairs() {
  static const std::vector<Pair> table = {
      {"none", "qsgd"},
      {"ef", "topk(k=7)"},
      {"ef(beta=0.9)", "sign"},
      {"ef21", "topk(ratio=0.1) | qsgd"},
      {"ef21(a=0.25)", "sign"},
      {"momentum", "topk(k=5)"},
      {"momentum(m=0.5, mask=off)", "qsgd"},
      {"diana", "randk(ratio=0.2, scaling=unbiased)"},
      {"diana(alpha=0.05)", "qsgd(bits=2, scaling=unbiased)"},
      {"ecq", "randk(ratio=0.3, scaling=unbiased)"},
      {"ecq(alpha=0.8, beta=0.9)", "sign"},
      {"laq(xi=10, workers=1)", "bf16"},
      {"laq(patience=3)", "qsgd(bits=8)"},
  };
  return table;
}

class EveryFeedback : public testing::TestWithParam<Pair> {
 protected:
  static constexpr std::size_t kSize = 150;
  Link link() const { return {GetParam().feedback, GetParam().spec, kSize}; }
};

INSTANTIATE_TEST_SUITE_P(Contract, EveryFeedback, testing::ValuesIn(pairs()),
                         [](const auto& instance) { return std::to_string(instance.index); });

TEST(FeedbackTable, HasEverySchemeOfTheRegistryOnce) {
  std::set<std::string> covered;
  for (const Pair& pair : pairs()) covered.insert(base::parse_spec(pair.feedback).name);
  std::set<std::string_view> names;
  for (const FeedbackRow& row : feedback_registry()) {
    EXPECT_TRUE(covered.contains(std::string(row.name))) << row.name;
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_FALSE(row.summary.empty() || row.source.empty()) << row.name;
  }
}

TEST(FeedbackSpec, IsCompletedWithTheDefaults) {
  EXPECT_EQ(make_feedback("ef")->spec(), "ef(beta=1)");
  EXPECT_EQ(make_feedback("diana")->spec(), "diana(alpha=auto)");
  EXPECT_EQ(make_feedback("laq(workers=08)")->spec(), "laq(workers=8, window=10, xi=0.8, patience=100)");
  EXPECT_THROW(make_feedback("ef22"), base::OperatorError);
  EXPECT_THROW(make_feedback("momentum(m=1)"), base::OperatorError);
}

TEST_P(EveryFeedback, KeepsTheSameAtBothEndsWhereBothKeepSomething) {
  Link link = this->link();
  const std::string name = base::parse_spec(GetParam().feedback).name;
  if (name != "ef21" && name != "diana" && name != "laq") {
    EXPECT_EQ(link.receiver->snapshot_size(), 16u);  // nothing
    return;
  }
  for (std::uint64_t round = 0; round < 40; ++round) {
    link.send(gaussian(kSize, round), round);
    if (round % 3 == 0) link.sender->moved(50);
    const Floats received(link.receiver->kept(0).begin(), link.receiver->kept(0).end());
    ASSERT_EQ(std::memcmp(received.data(), link.kept().data(), kSize * sizeof(float)), 0) << round;
  }
}

TEST_P(EveryFeedback, ContinuesFromSnapshotsAsIfNothingHadHappened) {
  Link one = link();
  for (std::uint64_t round = 0; round < 12; ++round) {
    one.send(gaussian(kSize, round), round);
    one.sender->moved(static_cast<double>(round));
  }
  Link two = link();
  const Bytes sender = snapshot(*one.sender), receiver = snapshot(*one.receiver);
  ASSERT_TRUE(two.sender->restore(std::as_bytes(std::span(sender))).ok());
  ASSERT_TRUE(two.receiver->restore(std::as_bytes(std::span(receiver))).ok());
  for (std::uint64_t round = 12; round < 24; ++round) {
    const Floats x = gaussian(kSize, round);
    ASSERT_EQ(one.send(x, round), two.send(x, round)) << round;
    one.sender->moved(1);
    two.sender->moved(1);
  }
  EXPECT_EQ(snapshot(*one.sender), snapshot(*two.sender));
  EXPECT_EQ(snapshot(*one.receiver), snapshot(*two.receiver));
}

TEST_P(EveryFeedback, RefusesDamagedSnapshotsAndKeepsWhatItHas) {
  Link link = this->link();
  link.send(gaussian(kSize, 1), 1);
  for (FeedbackEnd* end :
       {static_cast<FeedbackEnd*>(link.sender.get()), static_cast<FeedbackEnd*>(link.receiver.get())}) {
    const Bytes before = snapshot(*end);
    const auto reason = [&](const Bytes& bytes) {
      const auto restored = end->restore(std::as_bytes(std::span(bytes)));
      return restored.ok() ? std::string_view("accepted") : restored.refusal().reason;
    };
    Bytes longer = before, other = before, other_size = before;
    longer.push_back(0);
    other[3] ^= 1;
    other_size[8] ^= 1;
    EXPECT_EQ(reason(longer), "snapshot_size");
    EXPECT_EQ(reason({}), "snapshot_size");
    EXPECT_EQ(reason(other), "snapshot_kind");
    EXPECT_EQ(reason(other_size), "snapshot_kind");
    if (before.size() > 16) {
      Bytes bad = before;
      const float nan = std::nanf("");
      std::memcpy(bad.data() + bad.size() - sizeof nan, &nan, sizeof nan);
      EXPECT_EQ(reason(bad), "not_finite");
    }
    EXPECT_EQ(snapshot(*end), before);
  }
}

TEST_P(EveryFeedback, TellsTheSnapshotsOfItsTwoEndsApart) {
  Link link = this->link();
  const Bytes receiver = snapshot(*link.receiver);
  EXPECT_FALSE(link.sender->restore(std::as_bytes(std::span(receiver))).ok());
}

TEST_P(EveryFeedback, IsUnchangedByWhatIsNotFinite) {
  Link link = this->link();
  link.send(gaussian(kSize, 1), 1);
  const Bytes before = snapshot(*link.sender);
  for (const float bad : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
    Floats x = gaussian(kSize, 2);
    x[77] = bad;
    const auto size = link.sender->encode(x, key_of(2), std::as_writable_bytes(std::span(link.buffer)));
    ASSERT_FALSE(size.ok());
    EXPECT_EQ(size.refusal().reason, "not_finite");
    EXPECT_THAT(size.refusal().detail, testing::HasSubstr("x[77]"));
    EXPECT_EQ(snapshot(*link.sender), before);
  }
}

TEST_P(EveryFeedback, RefusesWhatTheDecoderRefusesAndIsUnchanged) {
  Link link = this->link();
  Floats y = gaussian(kSize, 5);
  link.send_add(gaussian(kSize, 1), 1, y);
  const Floats y_before = y;
  const Bytes before = snapshot(*link.receiver);
  Bytes bytes = link.harness.encode(gaussian(kSize, 2));
  bytes.push_back(0);
  EXPECT_FALSE(link.receiver->decode_add(std::as_bytes(std::span(bytes)), kKey, 1.0f, y).ok());
  EXPECT_EQ(y, y_before);
  EXPECT_EQ(snapshot(*link.receiver), before);
}

TEST_P(EveryFeedback, TakesSilenceOnlyIfItIsLazy) {
  Link link = this->link();
  Floats y(kSize, 1.0f);
  const auto added = link.receiver->silence_add(1.0f, y);
  EXPECT_EQ(added.ok(), link.feedback->lazy());
  EXPECT_EQ(y, Floats(kSize, 1.0f));  // a lazy estimate begins with 0
}

// With exact operators and exact sums every scheme is its uncompressed parent, to the bit.

TEST(Feedback, OfAnExactOperatorReceivesWhatIsGiven) {
  constexpr std::size_t kSize = 40;
  for (const char* feedback : {"none", "ef", "ef(beta=0.5)", "ef21", "diana", "ecq", "ecq(alpha=0.3, beta=0.7)",
                               "momentum", "momentum(m=0.5)", "laq(patience=0)", "laq(xi=0)"}) {
    for (const char* spec : {"identity", "topk(ratio=1)"}) {
      Link link(feedback, spec, kSize);
      for (std::uint64_t round = 0; round < 10; ++round) {
        const Floats x = sixteenths(kSize, round);
        ASSERT_EQ(link.send(x, round), x) << feedback << ' ' << round;
      }
    }
  }
}

TEST(Ef21, OfAnExactOperatorWithMomentumReceivesTheMovingAverage) {
  Link link("ef21(a=0.5)", "identity", 1);
  EXPECT_EQ(link.send(Floats{8}, 0), Floats{4});
  EXPECT_EQ(link.send(Floats{2}, 1), Floats{3});
  EXPECT_EQ(link.send(Floats{-5}, 2), Floats{-1});
}

TEST(Momentum, OfAnExactOperatorWithoutMaskIsHeavyBall) {
  Link link("momentum(m=0.5, mask=off)", "identity", 1);
  EXPECT_EQ(link.send(Floats{8}, 0), Floats{8});
  EXPECT_EQ(link.send(Floats{2}, 1), Floats{6});
  EXPECT_EQ(link.send(Floats{1}, 2), Floats{4});
}

// ef

constexpr double kFloatRounding = 0x1p-24;

TEST(ErrorFeedback, LosesNothing) {
  constexpr std::size_t kSize = 300, kRounds = 50;
  for (const char* spec : {"topk(k=3)", "sign", "qsgd(bits=2)", "randk(k=30)", "topk(ratio=0.1) | qsgd", "bf16"}) {
    Link link("ef", spec, kSize);
    Floats sent(kSize);
    std::vector<double> given(kSize), magnitude(kSize);
    for (std::size_t round = 0; round < kRounds; ++round) {
      const Floats x = gaussian(kSize, round);
      link.send_add(x, round, sent);
      for (std::size_t i = 0; i < kSize; ++i) {
        given[i] += x[i];
        magnitude[i] += std::abs(x[i]) + 2 * std::abs(link.kept()[i]) + std::abs(sent[i]);
      }
    }
    // Every round rounds p, e and the sum of what was sent once each.
    for (std::size_t i = 0; i < kSize; ++i)
      EXPECT_NEAR(static_cast<double>(sent[i]) + link.kept()[i], given[i], 4 * kFloatRounding * magnitude[i])
          << spec << ' ' << i;
  }
}

TEST(ErrorFeedback, KeepsExactlyWhatTheReceiverLacks) {
  constexpr std::size_t kSize = 100;
  Link link("ef", "topk(k=5)", kSize);
  const Floats x = inputs(kSize)[0].x;
  const Floats sent = link.send(x, 0);
  for (std::size_t i = 0; i < kSize; ++i) EXPECT_EQ(link.kept()[i], x[i] - sent[i]);
}

TEST(ErrorFeedback, SendsEverythingInTheEnd) {
  // Top-1 of a constant vector sends a coordinate at a time; after d rounds of zeros nothing is left.
  constexpr std::size_t kSize = 20;
  Link link("ef", "topk(k=1)", kSize);
  Floats sent(kSize);
  link.send_add(Floats(kSize, 0.5f), 0, sent);
  for (std::size_t round = 1; round < kSize; ++round) link.send_add(Floats(kSize), round, sent);
  EXPECT_EQ(sent, Floats(kSize, 0.5f));
  EXPECT_THAT(link.kept(), testing::Each(0.0f));
}

TEST(ErrorFeedback, ForgetsAtItsRateWhatIsNeverSent) {
  Link link("ef(beta=0.5)", "topk(k=1)", 2);
  link.send(Floats{8, 4}, 0);
  EXPECT_EQ(link.kept(), (Floats{0, 4}));
  link.send(Floats{8, 0}, 1);
  EXPECT_EQ(link.kept(), (Floats{0, 2}));
  link.send(Floats{8, 1}, 2);
  EXPECT_EQ(link.kept(), (Floats{0, 2}));
}

TEST(ErrorFeedback, IsUnchangedWhenTheSumIsNotFinite) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  Link link("ef", "topk(k=1)", 2);
  link.send(Floats{kLargest, 0.9f * kLargest}, 0);
  const Floats before = link.kept();
  const auto size = link.sender->encode(Floats{0, kLargest}, key_of(1), std::as_writable_bytes(std::span(link.buffer)));
  ASSERT_FALSE(size.ok());
  EXPECT_EQ(size.refusal().reason, "not_finite");
  EXPECT_EQ(link.kept(), before);
}

// momentum

TEST(Momentum, StopsWhereSomethingWasSentAndGathersElsewhere) {
  Link link("momentum(m=0.5)", "topk(k=1)", 2);
  EXPECT_EQ(link.send(Floats{8, 4}, 0), (Floats{8, 0}));
  EXPECT_EQ(link.kept(0), (Floats{0, 4}));
  EXPECT_EQ(link.kept(1), (Floats{0, 4}));
  // u = (1, 2 + 3), v = (1, 4 + 5)
  EXPECT_EQ(link.send(Floats{1, 3}, 1), (Floats{0, 9}));
  EXPECT_EQ(link.kept(0), (Floats{1, 0}));
  EXPECT_EQ(link.kept(1), (Floats{1, 0}));
}

TEST(Momentum, LosesNoneOfWhatItGathers) {
  // Without the mask, sum of sent + v is the sum of the u of plain momentum.
  constexpr std::size_t kSize = 60, kRounds = 30;
  Link link("momentum(m=0.75, mask=off)", "topk(ratio=0.1) | qsgd", kSize);
  Floats sent(kSize);
  std::vector<double> u(kSize), gathered(kSize), magnitude(kSize);
  for (std::size_t round = 0; round < kRounds; ++round) {
    const Floats x = gaussian(kSize, round);
    link.send_add(x, round, sent);
    for (std::size_t i = 0; i < kSize; ++i) {
      u[i] = 0.75 * u[i] + x[i];
      gathered[i] += u[i];
      magnitude[i] += 8 * std::abs(u[i]) + 2 * std::abs(link.kept(1)[i]) + std::abs(sent[i]) + std::abs(x[i]);
    }
  }
  // u rounds twice a round, which later rounds multiply by at most 1/(1 - m) = 4; v and the sum of what was sent once.
  for (std::size_t i = 0; i < kSize; ++i)
    EXPECT_NEAR(static_cast<double>(sent[i]) + link.kept(1)[i], gathered[i], 4 * kFloatRounding * magnitude[i]) << i;
}

// ecq

TEST(EcqFeedback, WithBothWeightsOneIsErrorFeedbackToTheBit) {
  constexpr std::size_t kSize = 90;
  Link ecq("ecq(alpha=1, beta=1)", "topk(ratio=0.1) | qsgd", kSize), ef("ef", "topk(ratio=0.1) | qsgd", kSize);
  for (std::uint64_t round = 0; round < 30; ++round) {
    const Floats x = gaussian(kSize, round);
    ASSERT_EQ(ecq.send(x, round), ef.send(x, round));
    ASSERT_EQ(ecq.kept(), ef.kept());
  }
}

TEST(EcqFeedback, WithoutFeedingBackIsPlain) {
  constexpr std::size_t kSize = 90;
  Link ecq("ecq(alpha=0, beta=0.9)", "qsgd", kSize), none("none", "qsgd", kSize);
  for (std::uint64_t round = 0; round < 10; ++round) {
    const Floats x = gaussian(kSize, round);
    ASSERT_EQ(ecq.send(x, round), none.send(x, round));
  }
}

TEST(EcqFeedback, HasTheMemoryOfItsRecursion) {
  // E|h|^2 becomes ((beta - alpha)^2 + alpha^2 omega) E|h|^2 + omega |x|^2, since E h = 0 and rand-1 of 10 has variance
  // exactly omega = 9. The mean of independent runs is within eight standard errors, but for a probability of 1e-15.
  constexpr std::size_t kSize = 10, kRuns = 5000, kRounds = 8;
  const Floats x = gaussian(kSize, 3);
  Harness harness("randk(k=1, scaling=unbiased)");
  const auto feedback = make_feedback("ecq(alpha=0.1, beta=1)");
  Bytes out(harness.compressor->max_payload_size(kSize));
  double sum = 0, sum_of_squares = 0;
  for (std::size_t run = 0; run < kRuns; ++run) {
    const auto sender = feedback->sender(*harness.compressor, kSize);
    for (std::size_t round = 0; round < kRounds; ++round)
      ASSERT_TRUE(sender->encode(x, key_of(run * kRounds + round), std::as_writable_bytes(std::span(out))).ok());
    const double h = squared_norm(Floats(sender->kept(0).begin(), sender->kept(0).end()));
    sum += h;
    sum_of_squares += h * h;
  }
  double expected = 0;
  for (std::size_t round = 0; round < kRounds; ++round)
    expected = (0.9 * 0.9 + 0.1 * 0.1 * 9) * expected + 9 * squared_norm(x);
  const double mean = sum / kRuns;
  EXPECT_NEAR(mean, expected, 8 * std::sqrt((sum_of_squares / kRuns - mean * mean) / kRuns));
}

// Which operators a scheme takes.

std::string refusal_of(const char* feedback, const char* spec, std::size_t d) {
  Harness harness(spec);
  try {
    make_feedback(feedback)->sender(*harness.compressor, d);
  } catch (const base::OperatorError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Feedback, RefusesOperatorsThatItDoesNotWorkWith) {
  for (const char* feedback : {"ef", "ef21", "momentum", "laq"}) {
    for (const char* spec : {"randk(ratio=0.1, scaling=unbiased)", "qsgd(bits=2, scaling=unbiased)"}) {
      EXPECT_THAT(refusal_of(feedback, spec, 1000), testing::HasSubstr("no contraction")) << feedback;
    }
  }
  EXPECT_THAT(refusal_of("diana", "topk", 1000), testing::HasSubstr("needs an unbiased operator"));
  EXPECT_THAT(refusal_of("diana(alpha=0.2)", "randk(ratio=0.1, scaling=unbiased)", 1000),
              testing::HasSubstr("at most 1 / (1 + omega) = 0.1"));
  EXPECT_EQ(refusal_of("diana(alpha=0.1)", "randk(ratio=0.1, scaling=unbiased)", 1000), "accepted");
}

TEST(EcqFeedback, RefusesWeightsWithWhichItsMemoryGrows) {
  // omega = 9: 9 alpha^2 + (beta - alpha)^2 is 9 and 1.21, and 0.9 and 0.98 below.
  const char* spec = "randk(k=1, scaling=unbiased)";
  EXPECT_THAT(refusal_of("ecq(alpha=1, beta=1)", spec, 10), testing::HasSubstr("could grow"));
  EXPECT_THAT(refusal_of("ecq(alpha=0.3, beta=0.937)", spec, 10), testing::HasSubstr("could grow"));
  EXPECT_EQ(refusal_of("ecq(alpha=0.1, beta=1)", spec, 10), "accepted");
  EXPECT_EQ(refusal_of("ecq(alpha=0.2, beta=0.98)", spec, 10), "accepted");
  EXPECT_EQ(refusal_of("ecq", spec, 10), "accepted");
  EXPECT_EQ(refusal_of("ecq", "topk", 1000), "accepted");
}

}  // namespace
}  // namespace parley::compression::test
