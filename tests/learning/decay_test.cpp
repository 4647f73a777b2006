#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "base/error.h"
#include "learning/optimizer.h"

namespace parley::learning {
namespace {

double factor(const char* spec, std::uint64_t rounds, std::uint64_t round) {
  return make_decay(spec, rounds)->factor(base::Round{round});
}

constexpr const char* kSpecs[] = {
    "constant", "step(every=7)",     "step(at=30, factor=0.5)", "cosine",        "cosine(warmup=10, floor=0.1)",
    "linear",   "linear(warmup=10)", "inverse(shift=20)",       "sqrt(shift=20)"};

TEST(EveryDecay, StaysBetweenZeroAndOneAndNeverRisesAfterItsWarmUp) {
  for (const char* spec : kSpecs) {
    const auto decay = make_decay(spec, 100);
    double before = 1;
    for (std::uint64_t t = 0; t < 150; ++t) {
      const double now = decay->factor(base::Round{t});
      EXPECT_GE(now, 0) << spec;
      EXPECT_LE(now, 1) << spec;
      EXPECT_LE(now, t < 10 ? 1 : before) << spec << " " << t;
      before = now;
    }
  }
}

TEST(EveryDecay, SpecIsReadBackAsItself) {
  for (const char* spec : kSpecs) {
    const std::string canonical = make_decay(spec, 100)->spec();
    EXPECT_EQ(make_decay(canonical, 100)->spec(), canonical);
  }
}

TEST(DecayRegistry, EveryDecayIsUnderContract) {
  for (const DecayRow& row : decay_registry()) {
    bool found = false;
    for (const char* spec : kSpecs) found = found || base::parse_spec(spec).name == row.name;
    EXPECT_TRUE(found) << row.name;
  }
}

TEST(Decay, FollowsItsFormula) {
  EXPECT_EQ(factor("constant", 0, 12345), 1);
  EXPECT_EQ(factor("step(at=30, factor=0.5)", 0, 29), 1);
  EXPECT_EQ(factor("step(at=30, factor=0.5)", 0, 30), 0.5);
  EXPECT_EQ(factor("step(at=30, factor=0.5)", 0, 3000), 0.5);
  EXPECT_EQ(factor("step(every=7, factor=0.5)", 0, 6), 1);
  EXPECT_EQ(factor("step(every=7, factor=0.5)", 0, 21), 0.125);
  EXPECT_EQ(factor("inverse(shift=20)", 0, 0), 1);
  EXPECT_EQ(factor("inverse(shift=20)", 0, 60), 0.25);
  EXPECT_EQ(factor("sqrt(shift=20)", 0, 60), 0.5);
  EXPECT_EQ(factor("linear", 100, 25), 0.75);
  EXPECT_EQ(factor("linear(warmup=20)", 100, 60), 0.5);
  EXPECT_NEAR(factor("cosine", 100, 50), 0.5, 1e-15);
  EXPECT_NEAR(factor("cosine(floor=0.2)", 90, 30), 0.2 + 0.8 * 0.75, 1e-15);  // cos 60 degrees = 1/2
}

TEST(Decay, WarmUpRisesToTheBaseRateAndTheRunEndsAtTheFloor) {
  for (const char* spec : {"cosine(warmup=4)", "linear(warmup=4)"}) {
    EXPECT_EQ(factor(spec, 100, 0), 0.25) << spec;
    EXPECT_EQ(factor(spec, 100, 3), 1) << spec;
    EXPECT_EQ(factor(spec, 100, 4), 1) << spec;
    EXPECT_EQ(factor(spec, 100, 100), 0) << spec;
    EXPECT_EQ(factor(spec, 100, 1000), 0) << spec;
  }
  EXPECT_EQ(factor("cosine(warmup=4, floor=0.25)", 100, 100), 0.25);
}

TEST(Decay, WhatMakesNoSenseIsRefused) {
  EXPECT_THROW(make_decay("cosine", 0), base::OperatorError);  // an open run has no end to fall to
  EXPECT_THROW(make_decay("linear", 0), base::OperatorError);
  EXPECT_THROW(make_decay("cosine(warmup=100)", 100), base::OperatorError);
  EXPECT_THROW(make_decay("step", 100), base::OperatorError);
  EXPECT_THROW(make_decay("step(every=3, at=4)", 100), base::OperatorError);
  EXPECT_THROW(make_decay("step(every=0)", 100), base::OperatorError);
  EXPECT_THROW(make_decay("inverse(shift=0)", 100), base::OperatorError);
  EXPECT_THROW(make_decay("exponential", 100), base::OperatorError);
}

}  // namespace
}  // namespace parley::learning
