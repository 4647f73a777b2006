// Stages of a pipeline that code the payload of the operator before them by the frequencies of its symbols.
//
//   payload := length:u32 bytes plane*     nothing if the payload before is empty
//   length                                 of the payload before, at least 1
//   bytes                                  what are no codes: see coding/symbol_code.h, of eight bits
//   plane                                  of codes of up to eight bits, all of them, but of those of 1, 2 and 4 bits
//   the
//                                          bytes that they fill, padding included; of wider ones first the lowest
//                                          bits of each, so that eights are left, then eight and eight
//
// Such a stage stands behind a complete operator and takes the last stage before it: in "topk | qsgd | entropy" that is
// qsgd, so that top-k's indices, which are near their entropy, are left alone. The operator before decides what is
// decoded: the same bytes go into its decoder. An operator that says what its payload is made of
// (Compressor::for_each_stretch) has its codes coded as they are, whatever their width, and apart from its scales; of
// another one all are bytes.
#pragma once

#include <memory>
#include <string_view>

#include "compression/coding/symbol_code.h"
#include "compression/compressor.h"

namespace parley::compression {

struct CodedPayloadStage {
  std::string_view name;
  std::uint8_t wire_id;
  std::unique_ptr<SymbolCode> (*make_code)();
};

std::unique_ptr<Compressor> make_coded_payload(const CodedPayloadStage& stage, std::unique_ptr<Compressor> before);

}  // namespace parley::compression
