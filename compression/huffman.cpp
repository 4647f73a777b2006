// huffman: the payload of the operator before it, with a whole number of bits for each of its symbols.
//
// The payload is that of coding/coded_payload.h, with the code of coding/huffman_code.h: at most a bit a symbol above
// their entropy. "kmeans | huffman" is the coding of Deep Compression.
#include "compression/coding/coded_payload.h"
#include "compression/coding/huffman_code.h"
#include "compression/operators.h"

namespace parley::compression {

Row huffman_row() {
  return {.name = "huffman",
          .wire_id = 70,
          .summary = "the payload before it, with a whole number of bits for each of its symbols",
          .source = "Huffman 1952; Han et al. 2016",
          .parameters = {},
          .takes_values = false,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            return make_coded_payload(
                {.name = huffman_row().name,
                 .wire_id = huffman_row().wire_id,
                 .make_code = []() -> std::unique_ptr<SymbolCode> { return std::make_unique<HuffmanCode>(); }},
                std::move(blueprint.before));
          },
          .codes_payload = true};
}

}  // namespace parley::compression
