// Encoding and decoding allocate on their first calls only. Counts every call of operator new in the process.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "executors.h"
#include "feedback_link.h"
#include "subjects.h"

namespace {
std::atomic<std::size_t> allocations{0};

void* counted(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
}  // namespace

void* operator new(std::size_t size) {
  return counted(size);
}
void* operator new[](std::size_t size) {
  return counted(size);
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {  // std::stable_sort's
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace parley::compression::test {
namespace {

class HotPath : public testing::TestWithParam<Subject> {};

INSTANTIATE_TEST_SUITE_P(Allocation, HotPath, testing::ValuesIn(subjects()),
                         [](const auto& instance) { return std::to_string(instance.index); });

TEST_P(HotPath, DoesNotAllocateAfterItsFirstCall) {
  Harness harness(GetParam().spec);
  for (const std::size_t d : {33u, 5000u, 70000u}) {
    const Floats x = inputs(d)[0].x;
    const Floats other = inputs(d)[5].x;  // equal magnitudes: the hardest case of top-k
    Floats y(d);
    Bytes out(harness.compressor->max_payload_size(d));
    const auto writable = std::as_writable_bytes(std::span(out));
    const auto both = [&](const Floats& vector, const base::RandomKey& key) {
      const auto size = harness.compressor->encode(vector, key, *harness.state, writable);
      return harness.compressor->decode_add(writable.first(*size), key, 0.5f, *harness.state, y).ok();
    };
    ASSERT_TRUE(both(x, kKey));
    const base::RandomKey second = key_of(78);
    const std::size_t before = allocations;
    const bool ok = both(x, second) && both(other, second) && both(x, kKey);
    const std::size_t after = allocations;
    EXPECT_TRUE(ok);
    EXPECT_EQ(after - before, 0u) << d;
  }
}

TEST_P(HotPath, DoesNotAllocateAfterItsFirstCallWhenItIsShared) {
  constexpr std::size_t kSize = 300000;
  Backwards executor(3);
  Harness harness(GetParam().spec);
  harness.state->share_with(executor);
  const Floats x = inputs(kSize)[0].x;
  Floats y(kSize);
  Bytes out(harness.compressor->max_payload_size(kSize));
  const auto writable = std::as_writable_bytes(std::span(out));
  const auto both = [&](const base::RandomKey& key) {
    const auto size = harness.compressor->encode(x, key, *harness.state, writable);
    return harness.compressor->decode_add(writable.first(*size), key, 0.5f, *harness.state, y).ok();
  };
  ASSERT_TRUE(both(kKey));
  const base::RandomKey second = key_of(78);
  const std::size_t before = allocations;
  const bool ok = both(second) && both(kKey);
  const std::size_t after = allocations;
  EXPECT_TRUE(ok);
  EXPECT_EQ(after - before, 0u);
}

TEST(FeedbackHotPath, DoesNotAllocateAfterItsFirstCall) {
  constexpr std::size_t kSize = 5000;
  for (const char* feedback : {"none", "ef", "ef21", "ef21(a=0.1)", "momentum", "diana", "ecq", "laq"}) {
    Link link(feedback, feedback == std::string_view("diana") ? "qsgd(scaling=unbiased)" : "topk | qsgd", kSize);
    const Floats x = inputs(kSize)[0].x;
    Floats y(kSize);
    const auto writable = std::as_writable_bytes(std::span(link.buffer));
    const auto both = [&](std::uint64_t round) {
      const auto size = link.sender->encode(x, key_of(round), writable);
      if (!size.ok()) return false;
      if (!*size) return link.receiver->silence_add(1.0f, y).ok();
      return link.receiver->decode_add(writable.first(**size), key_of(round), 1.0f, y).ok();
    };
    ASSERT_TRUE(both(0));
    const std::size_t before = allocations;
    const bool ok = both(1) && both(2);
    const std::size_t after = allocations;
    EXPECT_EQ(after - before, 0u) << feedback;
    EXPECT_TRUE(ok);
  }
}

}  // namespace
}  // namespace parley::compression::test
