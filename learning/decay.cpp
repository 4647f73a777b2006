#include "base/error.h"
#include "learning/optimizer.h"

namespace parley::learning {

// One declaration and one entry per decay; each is defined in decays/ in the file of its name.
DecayRow constant_row();
DecayRow step_row();
DecayRow cosine_row();
DecayRow linear_row();
DecayRow inverse_row();
DecayRow sqrt_row();

std::span<const DecayRow> decay_registry() {
  static const DecayRow rows[] = {constant_row(), step_row(), cosine_row(), linear_row(), inverse_row(), sqrt_row()};
  return rows;
}

std::unique_ptr<Decay> make_decay(std::string_view spec, std::uint64_t rounds) {
  const base::Spec parsed = base::parse_spec(spec);
  const DecayRow& row = base::find_row(decay_registry(), "decay", parsed.name);
  return row.make(base::Arguments(parsed, row.parameters), rounds);
}

}  // namespace parley::learning
