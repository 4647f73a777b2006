#include "daemon/version.h"

#include <capnp/common.h>
#include <fmt/format.h>
#include <zmq.h>

namespace parley::daemon {
namespace {

std::string compiler() {
#if defined(__clang__)
  return fmt::format("clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  return fmt::format("g++ {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}

std::string_view architecture() {
#if defined(__x86_64__)
  return "x86_64";
#elif defined(__aarch64__)
  return "arm64";
#else
  return "other";
#endif
}

std::string zmq_version_text() {
  int major = 0;
  int minor = 0;
  int patch = 0;
  zmq_version(&major, &minor, &patch);
  return fmt::format("{}.{}.{}", major, minor, patch);
}

}  // namespace

std::string version_number() {
  return PARLEY_VERSION;
}

std::string version_text() {
  return fmt::format(
      "parley {}\n"
      "  built with  {}, {}\n"
      "  libzmq      {}\n"
      "  Cap'n Proto {}.{}.{}\n",
      version_number(), compiler(), architecture(), zmq_version_text(), CAPNP_VERSION / 1000000,
      CAPNP_VERSION / 1000 % 1000, CAPNP_VERSION % 1000);
}

}  // namespace parley::daemon
