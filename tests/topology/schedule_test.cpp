// What every schedule owes, at every number of peers, and what is special to some.
#include "topology/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "base/error.h"
#include "contract.h"
#include "schedule_contract.h"
#include "topology/digraph.h"
#include "topology/graph.h"

namespace parley::topology {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// What the operator is told; empty if the schedule is made.
std::string refusal(std::string_view schedule_spec, std::string_view graph_spec, std::size_t n) {
  try {
    make_schedule(schedule_spec, graph_spec, n, 1);
  } catch (const base::OperatorError& error) {
    return error.what();
  }
  return "";
}

/// Calls check(contract, schedule, make_it_again) for several specs of every schedule at every number of peers it fits.
template <class Check>
void for_every_schedule(Check check) {
  for (const ScheduleContract& contract : schedule_contracts()) {
    for (std::size_t n = kFewestPeers; n <= kMostPeers; n += n < 10 ? 1 : 3) {
      for (std::uint32_t choice = 0; choice < 4; ++choice) {
        const auto spec = contract.spec_for(n, choice);
        if (!spec) continue;
        SCOPED_TRACE(fmt::format("{} on {} peers, seed {}", *spec, n, choice));
        const auto make = [&](std::uint64_t seed) { return make_schedule(*spec, graph_of_tests(n), n, seed); };
        check(contract, *make(choice), make, choice);
        if (testing::Test::HasFailure()) return;
      }
    }
  }
}

constexpr std::uint64_t kRounds = 40;

bool is_ascending(const std::vector<base::PeerId>& peers) {
  return std::adjacent_find(peers.begin(), peers.end(), std::greater_equal<>()) == peers.end();
}

TEST(EverySchedule, HasARowInTheContractTable) {
  std::vector<std::string> registered, covered;
  for (const ScheduleRow& row : schedule_registry()) {
    registered.emplace_back(row.name);
    EXPECT_FALSE(row.summary.empty()) << row.name;
  }
  for (const ScheduleContract& contract : schedule_contracts()) covered.push_back(contract.name);
  EXPECT_THAT(covered, testing::UnorderedElementsAreArray(registered));
}

TEST(EverySchedule, HasNeighboursThatAgreeFromBothEndsInEveryRound) {
  for_every_schedule([](const ScheduleContract&, const Schedule& schedule, auto, std::uint64_t) {
    for (std::uint64_t t = 0; t < kRounds; ++t) {
      std::set<std::pair<std::uint32_t, std::uint32_t>> sent, heard;
      for (std::uint32_t i = 0; i < schedule.size(); ++i) {
        const Neighbourhood own = schedule.neighbours({i}, {t});
        EXPECT_TRUE(is_ascending(own.in) && is_ascending(own.out));
        for (const base::PeerId j : own.in) heard.emplace(j.value, i);
        for (const base::PeerId j : own.out) sent.emplace(i, j.value);
        EXPECT_FALSE(sent.contains({i, i}));
        EXPECT_TRUE(own.in.empty() || own.in.back().value < schedule.size());
      }
      EXPECT_EQ(sent, heard) << "round " << t;
    }
  });
}

TEST(EverySchedule, IsAFunctionOfSpecSeedSizeAndRoundAlone) {
  for_every_schedule([](const ScheduleContract&, const Schedule& one, auto make, std::uint64_t seed) {
    const auto other = make(seed);  // asked backwards, and for other things in between: what was asked must not matter
    const auto n = static_cast<std::uint32_t>(one.size());
    std::vector<std::vector<Neighbourhood>> backwards(kRounds);
    for (std::uint64_t t = kRounds; t-- > 0;) backwards[t] = other->neighbourhoods({t});
    for (std::uint64_t t = 0; t < kRounds; ++t) {
      ASSERT_EQ(backwards[t].size(), n);
      for (std::uint32_t i = 0; i < n; ++i) {
        (void)other->neighbours({n - 1 - i}, {kRounds - t});
        const Neighbourhood now = one.neighbours({i}, {t});
        EXPECT_EQ(now.in, backwards[t][i].in);
        EXPECT_EQ(now.out, backwards[t][i].out);
        EXPECT_EQ(now.weights, backwards[t][i].weights);
      }
    }
    EXPECT_EQ(one.fingerprint(), other->fingerprint());
    EXPECT_EQ(one.spec(), other->spec());
  });
}

TEST(EverySchedule, AnswersForVeryLateRounds) {
  for_every_schedule([](const ScheduleContract&, const Schedule& schedule, auto, std::uint64_t) {
    EXPECT_NO_THROW(digraph_of_round(schedule, {(std::uint64_t{1} << 48) - 1}));
  });
}

TEST(EverySchedule, RepeatsAfterItsPeriod) {
  for_every_schedule([](const ScheduleContract& contract, const Schedule& schedule, auto, std::uint64_t) {
    const std::uint64_t period = schedule.period();
    if (period == 0) {
      EXPECT_TRUE(contract.random);
      return;
    }
    const auto hash = [&](std::uint64_t t) { return fingerprint(digraph_of_round(schedule, {t})); };
    for (std::uint64_t t = 0; t < period; ++t) EXPECT_EQ(hash(t), hash(t + period)) << t;
    EXPECT_EQ(schedule.is_static(), period == 1);
  });
}

TEST(EverySchedule, IsDirectedIfSomeRoundIs) {
  for_every_schedule([](const ScheduleContract& contract, const Schedule& schedule, auto, std::uint64_t) {
    bool one_way = false;
    for (std::uint64_t t = 0; t < rounds_of_tests(schedule, 200); ++t) {
      for (const Neighbourhood& own : schedule.neighbourhoods({t})) one_way |= !own.is_symmetric();
    }
    EXPECT_EQ(schedule.is_directed(), one_way);
    if (contract.symmetric) {
      EXPECT_FALSE(one_way);
    }
  });
}

TEST(EverySchedule, NamesAsPartnersExactlyThoseThatAPeerMeets) {
  for_every_schedule([](const ScheduleContract&, const Schedule& schedule, auto, std::uint64_t) {
    // In a swarm this small the least likely pair meets in a round with a probability of 1/12 or more: that one is
    // missed in 400 rounds has a probability below 1e-15.
    const bool by_chance = schedule.period() == 0;
    if (by_chance && schedule.size() > 6) return;
    std::vector<std::set<base::PeerId>> met(schedule.size());
    for (std::uint64_t t = 0; t < rounds_of_tests(schedule, 400); ++t) {
      const std::vector<Neighbourhood> all = schedule.neighbourhoods({t});
      for (std::size_t i = 0; i < all.size(); ++i) {
        met[i].insert(all[i].in.begin(), all[i].in.end());
        met[i].insert(all[i].out.begin(), all[i].out.end());
      }
    }
    for (std::uint32_t i = 0; i < schedule.size(); ++i)
      EXPECT_THAT(schedule.partners({i}), testing::ElementsAreArray(met[i])) << "peer " << i;
  });
}

TEST(EverySchedule, HasPartnersThatIncludeAllThatAPeerMeets) {
  for_every_schedule([](const ScheduleContract&, const Schedule& schedule, auto, std::uint64_t) {
    for (std::uint32_t i = 0; i < schedule.size(); ++i) {
      const std::vector<base::PeerId> partners = schedule.partners({i});
      EXPECT_TRUE(is_ascending(partners));
      for (std::uint64_t t = 0; t < kRounds; ++t) {
        const Neighbourhood own = schedule.neighbours({i}, {t});
        for (const auto* some : {&own.in, &own.out})
          EXPECT_TRUE(std::includes(partners.begin(), partners.end(), some->begin(), some->end()));
      }
    }
  });
}

TEST(EverySchedule, IsStochasticAsDeclared) {
  for_every_schedule([](const ScheduleContract& contract, const Schedule& schedule, auto, std::uint64_t) {
    for (std::uint64_t t = 0; t < rounds_of_tests(schedule, 20); ++t) {
      const Eigen::MatrixXd W = naive_round_matrix(schedule, {t});
      EXPECT_GE(W.minCoeff(), -1e-15);
      if (contract.symmetric) {
        EXPECT_TRUE(W == W.transpose());  // to the bit: both ends compute the same number
      }
      for (Eigen::Index i = 0; i < W.rows(); ++i) {
        EXPECT_NEAR(W.row(i).sum(), 1, 1e-12);
        if (contract.doubly_stochastic) {
          EXPECT_NEAR(W.col(i).sum(), 1, 1e-12);
        }
      }
      for (const Neighbourhood& own : schedule.neighbourhoods({t}))
        EXPECT_EQ(own.weights.size(), contract.own_weights ? own.in.size() : 0);
    }
  });
}

TEST(EverySchedule, ReachesEveryoneOverTime) {
  for_every_schedule([](const ScheduleContract& contract, const Schedule& schedule, auto, std::uint64_t) {
    if (!contract.always_connected) return;
    std::vector<WeightedArc> arcs;
    for (std::uint64_t t = 0; t < rounds_of_tests(schedule, 250); ++t) {
      const std::vector<Neighbourhood> all = schedule.neighbourhoods({t});
      for (std::size_t i = 0; i < all.size(); ++i) {
        for (const base::PeerId to : all[i].out) arcs.push_back({.from = i, .to = to.value});
      }
    }
    EXPECT_EQ(shape(simple_digraph(schedule.size(), arcs, {})).components, 1u);
  });
}

TEST(EverySchedule, DependsOnTheSeedIfItIsRandom) {
  for (const ScheduleContract& contract : schedule_contracts()) {
    std::set<std::uint64_t> seen;
    for (std::uint64_t seed = 0; seed < 20; ++seed)
      seen.insert(make_schedule(*contract.spec_for(20, 1), "star", 20, seed)->fingerprint());
    EXPECT_EQ(seen.size(), contract.random ? 20u : 1u) << contract.name;
  }
}

TEST(EverySchedule, HasACanonicalSpecThatIsAFixedPointAndMeansTheSame) {
  for_every_schedule([](const ScheduleContract&, const Schedule& schedule, auto, std::uint64_t seed) {
    const std::string canonical = canonical_schedule_spec(schedule.spec());
    EXPECT_EQ(canonical, schedule.spec());
    const auto again = make_schedule(canonical, graph_of_tests(schedule.size()), schedule.size(), seed);
    EXPECT_EQ(again->spec(), canonical);
    EXPECT_EQ(again->fingerprint(), schedule.fingerprint());
  });
}

TEST(EverySchedule, AnswersSeveralThreadsAtOnce) {
  for (const ScheduleContract& contract : schedule_contracts()) {
    const auto schedule = make_schedule(*contract.spec_for(16, 1), "ring", 16, 5);
    std::vector<std::uint64_t> hashes(4);
    std::vector<std::thread> threads;
    for (std::uint64_t& hash : hashes) threads.emplace_back([&] { hash = schedule->fingerprint(); });
    for (std::thread& thread : threads) thread.join();
    EXPECT_THAT(hashes, testing::Each(hashes[0])) << contract.name;
  }
}

TEST(Schedule, ThatDoesNotFitIsRefused) {
  EXPECT_THAT(refusal("sttaic", "ring", 4), HasSubstr("did you mean \"static\"?"));
  EXPECT_THAT(refusal("static(3)", "ring", 4), HasSubstr("at most 0 arguments"));
  EXPECT_THAT(refusal("static", "rign", 4), HasSubstr("did you mean \"ring\"?"));
  EXPECT_THAT(refusal("static", "hypercube", 5), HasSubstr("power of two"));
  EXPECT_EQ(refusal("static", "ring", 4), "");
  EXPECT_THAT(refusal("periodic", "ring", 4), HasSubstr("periodic needs graph1"));
  EXPECT_THAT(refusal("periodic(ring, graph3=star)", "ring", 4), HasSubstr("graph3 is given but graph2 is not"));
  EXPECT_THAT(refusal("periodic(ring, \"torus(2, 3)\")", "ring", 4), HasSubstr("the swarm has 4 peers"));
  EXPECT_THAT(refusal("random-regular(3)", "ring", 7), HasSubstr("use degree=4"));
  EXPECT_THAT(refusal("random-regular(9)", "ring", 7), HasSubstr("use degree=6 or less"));
  EXPECT_THAT(refusal("random-edges(0)", "ring", 7), HasSubstr("no edge would ever be there"));
  EXPECT_THAT(refusal("random-edges(1.5)", "ring", 7), HasSubstr("from 0 to 1"));
  EXPECT_THAT(refusal("epidemic(7)", "ring", 7), HasSubstr("use s=6 or less"));
  EXPECT_THAT(refusal("hyper-hypercube(k=2)", "ring", 14), AllOf(HasSubstr("use k=6"), HasSubstr("base(k=2)")));
  EXPECT_THAT(refusal("timed(\"/nowhere\")", "ring", 14), HasSubstr("cannot be opened"));
}

TEST(StaticSchedule, SaysThatItIsStatic) {
  EXPECT_TRUE(make_schedule("static", "ring", 4, 0)->is_static());
  EXPECT_FALSE(make_schedule("static", "ring", 4, 0)->is_directed());
  EXPECT_TRUE(make_schedule("static", "directed-ring", 4, 0)->is_directed());
}

TEST(PeriodicSchedule, ShowsEachGraphForAsLongAsItIsHeld) {
  const auto schedule = make_schedule("periodic(ring, \"torus(rows=3,cols=4)\", hold=2)", "", 12, 0);
  EXPECT_EQ(schedule->spec(), "periodic(\"ring\", \"torus(rows=3, cols=4)\", hold=2)");
  EXPECT_EQ(schedule->period(), 4u);
  const std::uint64_t ring = fingerprint(make_graph("ring", 12, 0));
  const std::uint64_t torus = fingerprint(make_graph("torus(3, 4)", 12, 0));
  for (const std::uint64_t t : {0u, 1u, 4u, 5u}) EXPECT_EQ(fingerprint(graph_of_round(*schedule, {t})), ring) << t;
  for (const std::uint64_t t : {2u, 3u, 6u, 7u}) EXPECT_EQ(fingerprint(graph_of_round(*schedule, {t})), torus) << t;
}

TEST(PeriodicSchedule, DrawsARandomFamilyAnewForEachOfItsPlaces) {
  const auto schedule = make_schedule("periodic(\"random-regular(4)\", \"random-regular(4)\")", "", 30, 3);
  EXPECT_NE(fingerprint(graph_of_round(*schedule, {0})), fingerprint(graph_of_round(*schedule, {1})));
  EXPECT_EQ(fingerprint(graph_of_round(*schedule, {0})), fingerprint(make_graph("random-regular(4)", 30, 3)));
}

TEST(RandomEdges, AreThereAsOftenAsTheySay) {
  // 300 rounds of 190 edges: the count is binomial, and leaves 7 standard deviations with a probability below 3e-12.
  const auto schedule = make_schedule("random-edges(0.3)", "complete", 20, 4);
  double there = 0;
  for (std::uint64_t t = 0; t < 300; ++t) there += static_cast<double>(num_edges(graph_of_round(*schedule, {t})));
  const double draws = 300 * 190;
  EXPECT_NEAR(there, draws * 0.3, 7 * std::sqrt(draws * 0.3 * 0.7));
  EXPECT_EQ(num_edges(graph_of_round(*make_schedule("random-edges(1)", "complete", 20, 4), {7})), 190u);
}

TEST(RandomEdges, LoseTheArcsOfADirectedGraphOneByOne) {
  const auto schedule = make_schedule("random-edges(0.5)", "directed-exponential", 16, 4);
  EXPECT_TRUE(schedule->is_directed());
  const Digraph whole = make_digraph("directed-exponential", 16, 4);
  const Digraph some = digraph_of_round(*schedule, {3});
  EXPECT_LT(num_edges(some), num_edges(whole));
  for (auto [arc, end] = edges(some); arc != end; ++arc)
    EXPECT_TRUE(edge(source(*arc, some), target(*arc, some), whole).second);
}

TEST(RandomMatching, PairsEveryTwoPeersWithTheSameProbability) {
  // Each of the 15 pairs of 6 peers is there in a round with probability 1/5; 7 standard deviations of 4000 rounds.
  const auto schedule = make_schedule("random-matching", "", 6, 8);
  std::map<std::pair<std::uint32_t, std::uint32_t>, int> times;
  for (std::uint64_t t = 0; t < 4000; ++t) {
    for (std::uint32_t i = 0; i < 6; ++i) {
      const Neighbourhood own = schedule->neighbours({i}, {t});
      ASSERT_EQ(own.out.size(), 1u);
      if (own.out[0].value > i) ++times[{i, own.out[0].value}];
    }
  }
  EXPECT_EQ(times.size(), 15u);
  for (const auto& [pair, count] : times) EXPECT_NEAR(count, 800, 7 * std::sqrt(4000 * 0.2 * 0.8));
}

TEST(RandomMatching, LeavesOneOfAnOddNumberAlone) {
  const auto schedule = make_schedule("random-matching", "", 7, 8);
  for (std::uint64_t t = 0; t < 50; ++t) EXPECT_EQ(num_edges(graph_of_round(*schedule, {t})), 3u);
}

TEST(RandomRegular, HasItsDegreeInEveryRound) {
  for (const auto& [n, degree] : {std::pair(10u, 1u), {10u, 3u}, {11u, 4u}, {12u, 11u}, {12u, 10u}, {2u, 1u}}) {
    const auto schedule = make_schedule(fmt::format("random-regular({})", degree), "", n, 2);
    for (std::uint64_t t = 0; t < 20; ++t) {
      const Shape found = shape(graph_of_round(*schedule, {t}));
      EXPECT_EQ(found.min_degree, degree);
      EXPECT_EQ(found.max_degree, degree);
    }
  }
}

TEST(Epidemic, SendsToAsManyAsItSaysAndHearsWhatChanceBrings) {
  const auto schedule = make_schedule("epidemic(3)", "", 20, 2);
  std::set<std::size_t> heard;
  for (std::uint64_t t = 0; t < 20; ++t) {
    for (const Neighbourhood& own : schedule->neighbourhoods({t})) {
      EXPECT_EQ(own.out.size(), 3u);
      heard.insert(own.in.size());
      for (const double w : own.weights) EXPECT_DOUBLE_EQ(w, 1.0 / static_cast<double>(1 + own.in.size()));
    }
  }
  EXPECT_GT(heard.size(), 3u);
  for (const Neighbourhood& own : make_schedule("epidemic(3, weights=rule)", "", 20, 2)->neighbourhoods({0}))
    EXPECT_TRUE(own.weights.empty());
}

TEST(EquiDyn, KeepsToItsBasis) {
  for (const char* spec : {"equidyn(basis=3)", "equidyn(undirected, basis=3)"}) {
    const auto schedule = make_schedule(spec, "", 24, 6);
    std::set<std::size_t> distances;
    for (std::uint64_t t = 0; t < 200; ++t) {
      const Neighbourhood own = schedule->neighbours({0}, {t});
      for (const base::PeerId j : own.in) distances.insert(j.value);
      for (const base::PeerId j : own.out) distances.insert(24 - j.value);
    }
    EXPECT_LE(distances.size(), schedule->is_directed() ? 3u : 6u) << spec;
    EXPECT_LE(schedule->partners({0}).size(), 6u) << spec;
  }
}

/// Neighbours meet in even rounds only, and peer 0 never knows of it if `torn`.
class Blinking final : public Schedule {
 public:
  explicit Blinking(bool torn) : torn_(torn) {}
  const std::string& spec() const override { return spec_; }
  std::size_t size() const override { return 2; }
  std::uint64_t period() const override { return 2; }
  bool is_directed() const override { return false; }
  std::vector<base::PeerId> partners(base::PeerId peer) const override { return {{1 - peer.value}}; }
  Neighbourhood neighbours(base::PeerId peer, base::Round round) const override {
    if (round.value % 2 == 1 || (torn_ && peer.value == 0)) return {};
    return {.in = partners(peer), .out = partners(peer)};
  }

 private:
  bool torn_;
  std::string spec_ = "blinking";
};

TEST(GraphOfRound, IsThatOfTheRound) {
  EXPECT_EQ(num_edges(graph_of_round(Blinking(false), {4})), 1u);
  EXPECT_EQ(num_edges(graph_of_round(Blinking(false), {5})), 0u);
  EXPECT_EQ(num_edges(digraph_of_round(Blinking(false), {4})), 2u);
}

TEST(GraphOfRoundDeathTest, StopsAtAScheduleWhosePeersDisagree) {
  EXPECT_DEATH(graph_of_round(Blinking(true), {0}), "blinking");
  EXPECT_DEATH(digraph_of_round(Blinking(true), {0}), "a bug in Parley: edge");
}

}  // namespace
}  // namespace parley::topology
