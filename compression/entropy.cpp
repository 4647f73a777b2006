// entropy: the payload of the operator before it, in as few bits as the frequencies of its symbols allow.
//
// The payload is that of coding/coded_payload.h, with the code of coding/rans_code.h. What pays is levels of few values
// that are not equally frequent.
#include "compression/coding/coded_payload.h"
#include "compression/coding/rans_code.h"
#include "compression/operators.h"

namespace parley::compression {

Row entropy_row() {
  return {.name = "entropy",
          .wire_id = 71,
          .summary = "the payload before it, by the frequencies of its symbols",
          .source = "Duda 2014",
          .parameters = {},
          .takes_values = false,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            return make_coded_payload(
                {.name = entropy_row().name,
                 .wire_id = entropy_row().wire_id,
                 .make_code = []() -> std::unique_ptr<SymbolCode> { return std::make_unique<RansCode>(); }},
                std::move(blueprint.before));
          },
          .codes_payload = true};
}

}  // namespace parley::compression
