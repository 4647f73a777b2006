// Encoding and decoding allocate on their first calls only. Counts every call of operator new in the process.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "compression/error_feedback.h"
#include "harness.h"
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

TEST(ErrorFeedbackHotPath, DoesNotAllocateAfterItsFirstCall) {
  constexpr std::size_t kSize = 5000;
  Harness harness("topk | qsgd");
  ErrorFeedback feedback(*harness.compressor, kSize);
  const Floats x = inputs(kSize)[0].x;
  Bytes out(harness.compressor->max_payload_size(kSize));
  const auto writable = std::as_writable_bytes(std::span(out));
  ASSERT_TRUE(feedback.encode(x, kKey, writable).ok());
  const std::size_t before = allocations;
  const bool ok = feedback.encode(x, key_of(1), writable).ok();
  EXPECT_EQ(allocations - before, 0u);
  EXPECT_TRUE(ok);
}

}  // namespace
}  // namespace parley::compression::test
