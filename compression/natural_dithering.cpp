// natural-dithering: random rounding to 0, 2^(1-levels), ..., 1/2 and 1 times the norm of each bucket.
//
// The format and the formula are those of coding/power_dither.h; finest = levels - 1.
#include "compression/coding/power_dither.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "levels",
     .kind = base::ParameterKind::integer,
     .fallback = "7",
     .low = 1,
     .high = 31,
     .help = "powers of two, from 1 down"},
    {.name = "bucket",
     .kind = base::ParameterKind::integer,
     .fallback = "512",
     .low = 8,
     .high = 1 << 20,
     .help = "coordinates that share a norm"},
    {.name = "norm",
     .kind = base::ParameterKind::word,
     .fallback = "linf",
     .choices = "l2|linf",
     .help = "what the levels are fractions of: the bucket's largest magnitude or its Euclidean norm"},
    {.name = "scaling",
     .kind = base::ParameterKind::word,
     .fallback = "contractive",
     .choices = "contractive|unbiased",
     .help = "contractive divides by 1 + omega, which CHOCO and error feedback need"},
};

}  // namespace

Row natural_dithering_row() {
  return {.name = "natural-dithering",
          .wire_id = 33,
          .summary = "random rounding to powers of two of each bucket's norm",
          .source = "Horváth et al. 2019",
          .parameters = kParameters,
          .takes_values = false,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            const base::Arguments& arguments = blueprint.arguments;
            return make_power_dither(arguments.canonical(), natural_dithering_row().wire_id,
                                     {.finest = static_cast<unsigned>(arguments.integer("levels")) - 1,
                                      .bucket = static_cast<std::size_t>(arguments.integer("bucket")),
                                      .norm = arguments.is("norm", "l2") ? Norm::l2 : Norm::linf,
                                      .contractive = arguments.is("scaling", "contractive")});
          }};
}

}  // namespace parley::compression
