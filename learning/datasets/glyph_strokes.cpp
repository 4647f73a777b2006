#include "learning/datasets/glyph_strokes.h"

#include <array>

#include "base/error.h"

namespace parley::learning {
namespace {

constexpr Point kZeroA1[] = {{0, -1}, {-0.85f, -1}, {-0.85f, 1}, {0.85f, 1}, {0.85f, -1}, {0, -1}};
constexpr Stroke kZeroA[] = {{.curved = true, .points = kZeroA1}};
constexpr Point kZeroB1[] = {{0.35f, -0.9f}, {-0.1f, -1.1f}, {-0.95f, -0.7f}, {-0.85f, 1.05f},
                             {0.3f, 1.1f},   {0.95f, 0.5f},  {0.75f, -1.1f},  {-0.2f, -0.95f}};
constexpr Stroke kZeroB[] = {{.curved = true, .points = kZeroB1}};
constexpr Style kZero[] = {kZeroA, kZeroB};

constexpr Point kOneA1[] = {{0, -1}, {0, 1}};
constexpr Stroke kOneA[] = {{.curved = false, .points = kOneA1}};
constexpr Point kOneB1[] = {{-0.45f, -0.55f}, {0.05f, -1}, {0.05f, 1}};
constexpr Stroke kOneB[] = {{.curved = false, .points = kOneB1}};
constexpr Point kOneC1[] = {{-0.4f, -0.6f}, {0, -1}, {0, 1}};
constexpr Point kOneC2[] = {{-0.5f, 1}, {0.5f, 1}};
constexpr Stroke kOneC[] = {{.curved = false, .points = kOneC1}, {.curved = false, .points = kOneC2}};
constexpr Style kOne[] = {kOneA, kOneB, kOneC};

constexpr Point kTwoA1[] = {{-0.7f, -0.5f}, {-0.6f, -1.05f}, {0.75f, -1.1f},
                            {0.8f, -0.15f}, {-0.1f, 0.4f},   {-0.75f, 1}};
constexpr Point kTwoA2[] = {{-0.75f, 1}, {0.8f, 1}};
constexpr Stroke kTwoA[] = {{.curved = true, .points = kTwoA1}, {.curved = false, .points = kTwoA2}};
constexpr Point kTwoB1[] = {{-0.7f, -0.6f},  {-0.4f, -1.1f}, {0.85f, -1.05f}, {0.65f, 0.1f}, {-0.3f, 0.95f},
                            {-0.85f, 1.05f}, {-0.65f, 0.5f}, {0, 0.85f},      {0.8f, 0.9f}};
constexpr Stroke kTwoB[] = {{.curved = true, .points = kTwoB1}};
constexpr Style kTwo[] = {kTwoA, kTwoB};

constexpr Point kThreeA1[] = {{-0.7f, -0.75f}, {-0.3f, -1.1f}, {0.85f, -1.05f}, {0.75f, -0.1f}, {-0.15f, -0.05f}};
constexpr Point kThreeA2[] = {{-0.15f, -0.05f}, {0.9f, -0.1f}, {0.95f, 1.1f}, {-0.4f, 1.15f}, {-0.75f, 0.7f}};
constexpr Stroke kThreeA[] = {{.curved = true, .points = kThreeA1}, {.curved = true, .points = kThreeA2}};
constexpr Point kThreeB1[] = {{-0.65f, -1}, {0.65f, -1}, {-0.05f, -0.2f}};
constexpr Point kThreeB2[] = {{-0.05f, -0.2f}, {0.85f, -0.35f}, {0.95f, 1.1f}, {-0.4f, 1.15f}, {-0.75f, 0.7f}};
constexpr Stroke kThreeB[] = {{.curved = false, .points = kThreeB1}, {.curved = true, .points = kThreeB2}};
constexpr Style kThree[] = {kThreeA, kThreeB};

constexpr Point kFourA1[] = {{0.1f, -1}, {-0.8f, 0.3f}, {0.8f, 0.3f}};
constexpr Point kFourA2[] = {{0.4f, -0.4f}, {0.35f, 1}};
constexpr Stroke kFourA[] = {{.curved = false, .points = kFourA1}, {.curved = false, .points = kFourA2}};
constexpr Point kFourB1[] = {{-0.55f, -1}, {-0.65f, 0.1f}, {0.65f, 0.1f}};
constexpr Point kFourB2[] = {{0.6f, -1}, {0.55f, 1}};
constexpr Stroke kFourB[] = {{.curved = false, .points = kFourB1}, {.curved = false, .points = kFourB2}};
constexpr Point kFourC1[] = {{0.35f, 1}, {0.35f, -1}, {-0.8f, 0.35f}, {0.8f, 0.35f}};
constexpr Stroke kFourC[] = {{.curved = false, .points = kFourC1}};
constexpr Style kFour[] = {kFourA, kFourB, kFourC};

constexpr Point kFiveA1[] = {{0.65f, -1}, {-0.5f, -1}, {-0.55f, -0.1f}};
constexpr Point kFiveA2[] = {{-0.55f, -0.1f}, {0.1f, -0.45f}, {0.9f, -0.15f},
                             {0.85f, 1.1f},   {-0.2f, 1.15f}, {-0.7f, 0.75f}};
constexpr Stroke kFiveA[] = {{.curved = false, .points = kFiveA1}, {.curved = true, .points = kFiveA2}};
constexpr Point kFiveB1[] = {{0.7f, -0.95f}, {-0.6f, -1.15f}, {-0.8f, -0.05f}, {0.8f, -0.35f},
                             {0.9f, 1.05f},  {-0.1f, 1.15f},  {-0.7f, 0.8f}};
constexpr Stroke kFiveB[] = {{.curved = true, .points = kFiveB1}};
constexpr Style kFive[] = {kFiveA, kFiveB};

constexpr Point kSixA1[] = {{0.5f, -1},     {-0.5f, -0.75f}, {-0.95f, 0.5f},  {-0.6f, 1.15f},
                            {0.85f, 1.15f}, {0.8f, -0.1f},   {-0.4f, -0.15f}, {-0.75f, 0.5f}};
constexpr Stroke kSixA[] = {{.curved = true, .points = kSixA1}};
constexpr Point kSixB1[] = {{0.1f, -1},   {-0.7f, -0.3f}, {-0.85f, 1.1f}, {0.5f, 1.2f},
                            {0.9f, 0.3f}, {0.1f, -0.15f}, {-0.65f, 0.35f}};
constexpr Stroke kSixB[] = {{.curved = true, .points = kSixB1}};
constexpr Style kSix[] = {kSixA, kSixB};

constexpr Point kSevenA1[] = {{-0.75f, -1}, {0.75f, -1}, {-0.1f, 1}};
constexpr Stroke kSevenA[] = {{.curved = false, .points = kSevenA1}};
constexpr Point kSevenB1[] = {{-0.75f, -1}, {0.75f, -1}, {-0.1f, 1}};
constexpr Point kSevenB2[] = {{-0.3f, 0}, {0.55f, 0}};
constexpr Stroke kSevenB[] = {{.curved = false, .points = kSevenB1}, {.curved = false, .points = kSevenB2}};
constexpr Point kSevenC1[] = {{-0.7f, -0.65f}, {-0.7f, -1}, {0.7f, -1}};
constexpr Point kSevenC2[] = {{0.7f, -1}, {-0.05f, -0.1f}, {-0.2f, 1}};
constexpr Stroke kSevenC[] = {{.curved = false, .points = kSevenC1}, {.curved = true, .points = kSevenC2}};
constexpr Style kSeven[] = {kSevenA, kSevenB, kSevenC};

constexpr Point kEightA1[] = {{0.65f, -0.7f}, {0.3f, -1.15f}, {-0.85f, -1.05f}, {-0.7f, -0.2f},
                              {0.75f, 0.15f}, {0.95f, 1.05f}, {0, 1.2f},        {-0.95f, 1},
                              {-0.7f, 0.15f}, {0.7f, -0.2f},  {0.7f, -0.75f}};
constexpr Stroke kEightA[] = {{.curved = true, .points = kEightA1}};
constexpr Point kEightB1[] = {{0, -1}, {-0.75f, -1}, {-0.75f, 0}, {0.75f, 0}, {0.75f, -1}, {0, -1}};
constexpr Point kEightB2[] = {{0, -0.02f}, {-0.9f, 0}, {-0.9f, 1}, {0.9f, 1}, {0.9f, 0}, {0, -0.02f}};
constexpr Stroke kEightB[] = {{.curved = true, .points = kEightB1}, {.curved = true, .points = kEightB2}};
constexpr Style kEight[] = {kEightA, kEightB};

constexpr Point kNineA1[] = {{0.6f, -0.6f},   {0.4f, -1.15f}, {-0.8f, -1.1f},
                             {-0.75f, 0.05f}, {0.4f, 0.05f},  {0.65f, -0.6f}};
constexpr Point kNineA2[] = {{0.62f, -0.8f}, {0.6f, 0.2f}, {0.35f, 1}};
constexpr Stroke kNineA[] = {{.curved = true, .points = kNineA1}, {.curved = true, .points = kNineA2}};
constexpr Point kNineB1[] = {{0.6f, -0.5f},   {0.55f, -1.05f}, {-0.7f, -1.1f},
                             {-0.75f, 0.05f}, {0.55f, 0.05f},  {0.6f, -0.5f}};
constexpr Point kNineB2[] = {{0.6f, -0.95f}, {0.55f, 1}};
constexpr Stroke kNineB[] = {{.curved = true, .points = kNineB1}, {.curved = false, .points = kNineB2}};
constexpr Point kNineC1[] = {{0.6f, -0.6f},   {0.4f, -1.15f}, {-0.8f, -1.1f},
                             {-0.75f, 0.05f}, {0.4f, 0.05f},  {0.65f, -0.6f}};
constexpr Point kNineC2[] = {{0.65f, -0.8f}, {0.75f, 0.6f}, {0.3f, 1.2f}, {-0.55f, 0.85f}};
constexpr Stroke kNineC[] = {{.curved = true, .points = kNineC1}, {.curved = true, .points = kNineC2}};
constexpr Style kNine[] = {kNineA, kNineB, kNineC};

constexpr std::array<std::span<const Style>, 10> kDigits = {kZero, kOne, kTwo,   kThree, kFour,
                                                            kFive, kSix, kSeven, kEight, kNine};

}  // namespace

std::span<const Style> glyph_styles(unsigned digit) {
  PARLEY_CHECK(digit < kDigits.size(), digit);
  return kDigits[digit];
}

}  // namespace parley::learning
