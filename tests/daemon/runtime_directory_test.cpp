#include "daemon/runtime_directory.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "base/error.h"
#include "daemon/control_server.h"
#include "scratch_directory.h"

namespace parley::daemon {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const base::OperatorError& error) {
    return error.what();
  } catch (const NotRunning& error) {
    return std::string("not running: ") + error.what();
  }
  return "no error";
}

TEST(RuntimeDirectory, TheOperatorsChoiceComesFirst) {
  EXPECT_EQ(runtime_directory({{"PARLEY_RUNTIME_DIR", "/some/where"}, {"XDG_RUNTIME_DIR", "/x"}}), "/some/where");
}

TEST(RuntimeDirectory, WithoutASystemDirectoryItIsTheUsersOwn) {
  if (::access("/run/parley", W_OK | X_OK) == 0) GTEST_SKIP() << "this machine has /run/parley";
  EXPECT_EQ(runtime_directory({{"XDG_RUNTIME_DIR", "/run/user/7"}}), "/run/user/7/parley");
  EXPECT_EQ(runtime_directory({}), fmt::format("/tmp/parley-{}", ::getuid()));
}

TEST(RuntimeDirectory, IsMadeForItsOwnerOnly) {
  const ScratchDirectory scratch;
  make_runtime_directory(scratch / "new");
  struct stat info{};
  ASSERT_EQ(::stat((scratch / "new").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0700U);
  make_runtime_directory(scratch / "new");  // again: nothing happens
}

TEST(RuntimeDirectory, WhatOthersPreparedInAnOpenPlaceIsRefused) {
  const ScratchDirectory scratch;
  const fs::path open_place = scratch / "tmp";
  fs::create_directory(open_place);
  ::chmod(open_place.c_str(), 01777);
  fs::create_directory(open_place / "wide");
  ::chmod((open_place / "wide").c_str(), 0755);
  EXPECT_THAT(error_of([&] { make_runtime_directory(open_place / "wide"); }), HasSubstr("must be 0700"));
  fs::create_directory_symlink(scratch.path(), open_place / "link");
  EXPECT_THAT(error_of([&] { make_runtime_directory(open_place / "link"); }), HasSubstr("not a directory"));
}

TEST(ControlEndpoint, IsRefusedIfItsPathIsTooLongForASocket) {
  const std::string directory = "/" + std::string(80, 'd');
  // 1 + 80 + 1 for the directory, 5 for ".sock", 1 for the dot: names of 19 bytes in all make 107.
  EXPECT_EQ(control_endpoint(directory, std::string(9, 's'), std::string(10, 'p')).size(), 107 + std::strlen("ipc://"));
  EXPECT_THAT(error_of([&] { control_endpoint(directory, std::string(10, 's'), std::string(10, 'p')); }),
              AllOf(HasSubstr("108 bytes"), HasSubstr("at most 107"), HasSubstr("PARLEY_RUNTIME_DIR")));
  EXPECT_THAT(error_of([] { control_endpoint("/d", "a/b", "p"); }), HasSubstr("a/b"));
}

class Discovery : public testing::Test {
 protected:
  std::string endpoint(const std::string& swarm, const std::string& peer) const {
    return control_endpoint(scratch_.path(), swarm, peer);
  }
  std::vector<std::string> resolve(const std::string& text) const { return resolve_endpoints(text, scratch_.path()); }

  ScratchDirectory scratch_;
  // Bound and listening; nobody needs to answer.
  ControlServer ten_{{endpoint("ring", "peer-10")}};
  ControlServer two_{{endpoint("ring", "peer-2")}};
  ControlServer other_{{endpoint("star", "peer-2")}};
  ControlServer hospital_{{endpoint("star", "hospital")}};
};

TEST_F(Discovery, ListsThoseWhoListenInTheOrderOfTheirNumbers) {
  std::ofstream(scratch_ / "ring.note.sock") << "not a socket";
  std::ofstream(scratch_ / "other");
  EXPECT_THAT(live_endpoints(scratch_.path()), ElementsAre(endpoint("ring", "peer-2"), endpoint("ring", "peer-10"),
                                                           endpoint("star", "hospital"), endpoint("star", "peer-2")));
}

TEST_F(Discovery, NamesFindPeersAndSwarms) {
  EXPECT_THAT(resolve("hospital"), ElementsAre(endpoint("star", "hospital")));
  EXPECT_THAT(resolve("ring.peer-2"), ElementsAre(endpoint("ring", "peer-2")));
  EXPECT_THAT(resolve("ring"), ElementsAre(endpoint("ring", "peer-2"), endpoint("ring", "peer-10")));
  EXPECT_THAT(resolve("/a/path.sock"), ElementsAre("ipc:///a/path.sock"));
  EXPECT_THAT(resolve("tcp://127.0.0.1:9"), ElementsAre("tcp://127.0.0.1:9"));
}

TEST_F(Discovery, NamesThatFitNoneOrSeveralAreRefusedWithWhatThereIs) {
  EXPECT_THAT(error_of([&] { resolve("peer-2"); }), AllOf(HasSubstr("several swarms"), HasSubstr("star.peer-2")));
  EXPECT_THAT(error_of([&] { resolve("peer-3"); }),
              AllOf(HasSubstr("not running: no peer or swarm"), HasSubstr("ring.peer-10")));
}

TEST(EmptyDiscovery, AMissingDirectoryHasNoPeers) {
  EXPECT_THAT(live_endpoints("/nowhere/at/all"), IsEmpty());
  EXPECT_THAT(error_of([] { resolve_endpoints("peer", "/nowhere/at/all"); }), HasSubstr("nothing is"));
}

TEST(Probe, SaysWhyNobodyAnswers) {
  const ScratchDirectory scratch;
  EXPECT_EQ(probe_endpoint(control_endpoint(scratch.path(), "s", "p"), 1s), std::errc::no_such_file_or_directory);
  EXPECT_THAT(error_of([] { (void)probe_endpoint("http://x", 1s); }), HasSubstr("ipc://PATH or tcp://HOST:PORT"));
  EXPECT_THAT(error_of([] { (void)probe_endpoint("tcp://127.0.0.1", 1s); }), HasSubstr("port"));
}

}  // namespace
}  // namespace parley::daemon
