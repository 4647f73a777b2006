#include "learning/datasets/targets.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.h"
#include "learning/datasets/text_file.h"

namespace parley::learning {
namespace {

constexpr std::size_t kMostClasses = 1000;
constexpr std::size_t kMostClassesUnasked = 100;
constexpr std::string_view kMeansRegression = "if the targets are quantities, set task=regression";

bool is_whole(double number) {
  return number == std::floor(number) && std::abs(number) <= 0x1p53;
}

std::string written(double number) {
  return fmt::format("{}", number == 0 ? 0.0 : number);  // -0 is 0
}

}  // namespace

Task task_of(const base::Arguments& arguments) {
  if (arguments.is("task", "classification")) return Task::classification;
  return arguments.is("task", "regression") ? Task::regression : Task::automatic;
}

void TargetColumn::fail(std::uint64_t place, std::string message) const {
  const bool has_lines = places_ == Places::lines;
  if (!has_lines) message = fmt::format("sample {}: {}", place, message);
  const std::int64_t line = has_lines ? static_cast<std::int64_t>(place) : 0;
  throw base::OperatorError(base::Place{.file = file_, .line = line, .column = 0, .key = {}}, std::move(message));
}

void TargetColumn::add(double number, std::uint64_t place) {
  if (holds_words_) fail(place, fmt::format("found the target {} after targets that are words", written(number)));
  values_.push_back(number);
  if (first_fraction_ == 0 && !is_whole(number)) first_fraction_ = place;
  if (crowded_ != 0) return;
  first_place_.try_emplace(number == 0 ? 0.0 : number, place);
  if (first_place_.size() > kMostClasses) crowded_ = place;
}

void TargetColumn::add(std::string_view text, std::uint64_t place) {
  if (const auto number = parse_real(text)) return add(*number, place);
  if (text.empty()) fail(place, "found no target");
  if (looks_like_number(text))
    fail(place, fmt::format("found the target {}; needed a finite number", quoted_excerpt(text)));
  if (!holds_words_ && !values_.empty()) {
    fail(place, fmt::format("found the target {} after targets that are numbers", quoted_excerpt(text)));
  }
  holds_words_ = true;
  const auto [at, is_new] = word_place_.try_emplace(std::string(text), words_.size());
  if (is_new) {
    words_.emplace_back(text);
    first_place_.try_emplace(static_cast<double>(at->second), place);
    if (words_.size() > kMostClasses) {
      fail(place, fmt::format("more than {} different words in the target column; name the right one with target=",
                              kMostClasses));
    }
  }
  values_.push_back(static_cast<double>(at->second));
}

std::vector<float> TargetColumn::encode(const std::vector<std::string>& class_names) const {
  std::vector<float> targets(values_.size());
  if (class_names.empty()) {
    if (holds_words_) fail(first_place_.begin()->second, "found a word as target; regression needs numbers");
    std::transform(values_.begin(), values_.end(), targets.begin(), [](double v) { return static_cast<float>(v); });
    return targets;
  }
  if (crowded_ != 0) fail(crowded_, fmt::format("more than {} different targets; needed: classes", kMostClasses));
  std::map<double, float> code;
  for (const auto& [value, place] : first_place_) {
    const std::string name = holds_words_ ? words_[static_cast<std::size_t>(value)] : written(value);
    const auto found = std::find(class_names.begin(), class_names.end(), name);
    if (found == class_names.end()) {
      const auto shown = std::min<std::ptrdiff_t>(20, std::ssize(class_names));
      fail(place, fmt::format("found the target {}; known classes: {}{}", quoted_excerpt(name),
                              fmt::join(class_names.begin(), class_names.begin() + shown, ", "),
                              shown < std::ssize(class_names) ? ", ..." : ""));
    }
    code[value] = static_cast<float>(found - class_names.begin());
  }
  std::transform(values_.begin(), values_.end(), targets.begin(), [&](double v) { return code.at(v); });
  return targets;
}

std::vector<std::string> class_names_of(Task task, const TargetColumn& train, const TargetColumn* test) {
  std::set<double> numbers;
  std::set<std::string> words;
  bool few = true, whole = true, any_words = false;
  for (const TargetColumn* column : {&train, test}) {
    if (column == nullptr || column->size() == 0) continue;
    if (column->holds_words_) words.insert(column->words_.begin(), column->words_.end());
    if (task == Task::classification && column->first_fraction_ != 0) {
      column->fail(column->first_fraction_,
                   fmt::format("found a target that is not a whole number; {}", kMeansRegression));
    }
    if (task == Task::classification && column->crowded_ != 0) {
      column->fail(column->crowded_, fmt::format("more than {} classes; {}", kMostClasses, kMeansRegression));
    }
    any_words = any_words || column->holds_words_;
    whole = whole && column->first_fraction_ == 0;
    few = few && column->crowded_ == 0;
    if (!column->holds_words_) {
      for (const auto& [value, place] : column->first_place_) numbers.insert(value);
    }
  }
  if (any_words && !numbers.empty()) {
    throw base::OperatorError(base::Place{.file = test->file_, .key = {}},
                              fmt::format("the targets are {}, but those of {} are not",
                                          test->holds_words_ ? "words" : "numbers", train.file_));
  }
  if (any_words && task != Task::regression) return {words.begin(), words.end()};
  const bool classes = task == Task::classification ||
                       (task == Task::automatic && whole && few && numbers.size() <= kMostClassesUnasked);
  std::vector<std::string> names;
  if (classes) std::transform(numbers.begin(), numbers.end(), std::back_inserter(names), written);
  return names;
}

}  // namespace parley::learning
