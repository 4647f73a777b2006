// residual: what `product` leaves of the vectors is coded in the same way, again and again.
//
// The payload and delta are those of coding/vector_quantiser.h: k^stages vectors at the price of stages * k. One stage
// is `product`, but for the wire id.
#include "compression/coding/vector_quantiser.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "stages",
     .kind = base::ParameterKind::integer,
     .fallback = "2",
     .low = 1,
     .high = 8,
     .help = "codebooks, each of what those before have left"},
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

Row residual_row() {
  return {.name = "residual",
          .wire_id = 68,
          .summary = "product, and product of what it left, and so on",
          .source = "Gong et al. 2014",
          .parameters = kParameters,
          .takes_values = false,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            const base::Arguments& arguments = blueprint.arguments;
            return make_vector_quantiser(arguments.canonical(), residual_row().wire_id,
                                         {.m = static_cast<std::size_t>(arguments.integer("m")),
                                          .k = static_cast<std::size_t>(arguments.integer("k")),
                                          .stages = static_cast<std::size_t>(arguments.integer("stages")),
                                          .iterations = static_cast<std::size_t>(arguments.integer("iterations")),
                                          .warm = arguments.is("start", "warm")});
          }};
}

}  // namespace parley::compression
