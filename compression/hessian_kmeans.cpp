// hessian-kmeans: kmeans with the mean of a cell weighted by curvature.
//
//   h_i = (1 - floor) |x_i| / mean |x| + floor,  C(x)_i = the nearest c,  c = sum h_i x_i / sum h_i over its cell
//
// which is the iteration that makes sum h_i (x_i - C(x)_i)^2 less and less: what is nearest does not depend on the
// weights, only the means do. The paper takes for h the diagonal of the Hessian, or the square root of Adam's second
// moment. An operator sees nothing but the vector, so h is what this vector alone would leave there (as for `lab`),
// with |x_i| as the mean of its bin, and floored, so that no coordinate counts for nothing. floor = 1 is kmeans, to the
// bit.
//
// A weighted mean may hold nothing of a cell in the plain norm. The payload, and how delta is kept nevertheless, are
// those of coding/scalar_codebook.h.
#include "compression/kmeans.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "k",
     .kind = base::ParameterKind::integer,
     .fallback = "16",
     .low = 2,
     .high = 256,
     .help = "centroids of the codebook"},
    {.name = "floor",
     .kind = base::ParameterKind::real,
     .fallback = "0.1",
     .low = 0.001,
     .high = 1,
     .help = "the weight of a coordinate at 0, the mean weight being 1; 1 is kmeans"},
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
     .help = "warm begins with the codebook of the last call"},
};

}  // namespace

Row hessian_kmeans_row() {
  return {.name = "hessian-kmeans",
          .wire_id = 66,
          .summary = "kmeans with centroids weighted by curvature",
          .source = "Choi, El-Khamy, Lee 2016",
          .parameters = kParameters,
          .takes_values = false,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            const base::Arguments& arguments = blueprint.arguments;
            return make_kmeans(arguments.canonical(), hessian_kmeans_row().wire_id,
                               {.k = static_cast<std::size_t>(arguments.integer("k")),
                                .iterations = static_cast<std::size_t>(arguments.integer("iterations")),
                                .warm = arguments.is("start", "warm"),
                                .floor = arguments.real("floor")});
          }};
}

}  // namespace parley::compression
