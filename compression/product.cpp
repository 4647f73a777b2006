// product: every m coordinates become the nearest of k vectors, which travel with the indices.
//
// The payload, with one stage, and delta are those of coding/vector_quantiser.h. One codebook serves all vectors.
#include "compression/coding/vector_quantiser.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "m",
     .kind = base::ParameterKind::integer,
     .fallback = "4",
     .low = 1,
     .high = 8,
     .help = "coordinates of a vector"},
    {.name = "k",
     .kind = base::ParameterKind::integer,
     .fallback = "64",
     .low = 2,
     .high = 256,
     .help = "vectors of a codebook"},
    {.name = "iterations",
     .kind = base::ParameterKind::integer,
     .fallback = "10",
     .low = 0,
     .high = 1000,
     .help = "most steps of Lloyd's iteration"},
    {.name = "start",
     .kind = base::ParameterKind::word,
     .fallback = "warm",
     .choices = "warm|cold",
     .help = "warm begins with the codebooks of the last call"},
};

}  // namespace

Row product_row() {
  return {.name = "product",
          .wire_id = 67,
          .summary = "the nearest of k vectors for every m coordinates",
          .source = "Jégou et al. 2011; Gong et al. 2014",
          .parameters = kParameters,
          .takes_values = false,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            const base::Arguments& arguments = blueprint.arguments;
            return make_vector_quantiser(arguments.canonical(), product_row().wire_id,
                                         {.m = static_cast<std::size_t>(arguments.integer("m")),
                                          .k = static_cast<std::size_t>(arguments.integer("k")),
                                          .stages = 1,
                                          .iterations = static_cast<std::size_t>(arguments.integer("iterations")),
                                          .warm = arguments.is("start", "warm")});
          }};
}

}  // namespace parley::compression
