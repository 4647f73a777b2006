// The column of a file that is to be learned: classes or real numbers, as files write them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/spec.h"

namespace parley::learning {

/// What is learned. `automatic`: classes if the targets are words, or whole numbers with at most 100 different values;
/// real numbers otherwise.
enum class Task { automatic, classification, regression };
/// The parameter "task" of rows that read files.
inline constexpr std::string_view kTaskChoices = "auto|classification|regression";
Task task_of(const base::Arguments& arguments);

/// Collects the targets of one file, then says what classes there are. Words and numbers do not mix.
class TargetColumn {
 public:
  enum class Places { lines, samples };
  explicit TargetColumn(std::string file, Places places = Places::lines) : file_(std::move(file)), places_(places) {}

  /// `place` is the line of the sample, or its number in a file without lines; 1-based.
  void add(double number, std::uint64_t place);
  /// Text is taken as a number if it is one.
  void add(std::string_view text, std::uint64_t place);
  std::size_t size() const { return values_.size(); }

  /// The class numbers, or the numbers themselves if `class_names` is empty. A target that is no class is an error.
  std::vector<float> encode(const std::vector<std::string>& class_names) const;

 private:
  friend std::vector<std::string> class_names_of(Task, const TargetColumn&, const TargetColumn*);

  [[noreturn]] void fail(std::uint64_t place, std::string message) const;

  std::string file_;
  Places places_;
  bool holds_words_ = false;
  std::vector<double> values_;  // numbers, or places in words_
  std::vector<std::string> words_;
  std::unordered_map<std::string, std::size_t> word_place_;
  std::map<double, std::uint64_t> first_place_;  // of each different value, as long as there are few enough for classes
  std::uint64_t first_fraction_ = 0;             // where the first number stands that is not whole; 0: nowhere
  std::uint64_t crowded_ = 0;                    // where the different values became too many for classes; 0: nowhere
};

/// How the classes of `train`, and of `test` if there is one, are written: numbers in ascending order, words in
/// alphabetical order. Empty for regression. Throws base::OperatorError if the targets do not allow the task.
std::vector<std::string> class_names_of(Task task, const TargetColumn& train, const TargetColumn* test);

}  // namespace parley::learning
