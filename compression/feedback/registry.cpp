#include <array>

#include "compression/feedback/schemes.h"

namespace parley::compression {

std::span<const FeedbackRow> feedback_registry() {
  static const std::array table = {
      none_feedback_row(), ef_row(), ef21_row(), momentum_row(), diana_row(), ecq_feedback_row(), laq_row(),
  };
  return table;
}

std::unique_ptr<Feedback> make_feedback(std::string_view spec) {
  const base::Spec parsed = base::parse_spec(spec);
  const FeedbackRow& row = base::find_row(feedback_registry(), "feedback", parsed.name);
  return row.make(base::Arguments(parsed, row.parameters));
}

}  // namespace parley::compression
