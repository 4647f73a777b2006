#include "learning/initial_model.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/random.h"
#include "base/spec.h"
#include "learning/safetensors.h"

namespace parley::learning {
namespace {

constexpr base::Parameter kFileParameters[] = {
    {.name = "path", .kind = base::ParameterKind::word, .help = "a safetensors file", .required = true}};

}  // namespace

InitialModel::InitialModel(std::string_view text) {
  struct Row {
    std::string_view name;
    Kind kind;
    std::span<const base::Parameter> parameters;
  };
  static const Row kRows[] = {{"zeros", Kind::zeros, {}},
                              {"common", Kind::common, {}},
                              {"independent", Kind::independent, {}},
                              {"file", Kind::file, kFileParameters}};
  const base::Spec spec = base::parse_spec(text);
  const Row& row = base::find_row(std::span<const Row>(kRows), "initial model", spec.name);
  const base::Arguments arguments(spec, row.parameters);
  kind_ = row.kind;
  if (kind_ == Kind::file) path_ = arguments.word("path");
}

void InitialModel::write(const Model& model, std::uint64_t seed, base::PeerId peer, std::span<float> x) const {
  PARLEY_CHECK(x.size() == model.layout().size(), x.size(), model.layout().size());
  // A key that no peer's own draw has.
  constexpr base::PeerId kEveryPeer{std::numeric_limits<std::uint32_t>::max()};
  base::RandomKey key{.seed = seed, .peer = kEveryPeer, .round = {}, .stream = base::Stream::initial_model};
  switch (kind_) {
    case Kind::zeros:
      std::ranges::fill(x, 0.0f);
      break;
    case Kind::common:
      model.initialize(key, x);
      break;
    case Kind::independent:
      key.peer = peer;
      model.initialize(key, x);
      break;
    case Kind::file:
      read_safetensors(path_, model.layout(), x);
      break;
  }
}

}  // namespace parley::learning
