// The rows of the registry, each defined in the file of its operator.
#pragma once

#include "compression/registry.h"

namespace parley::compression {

Row identity_row();
Row f16_row();
Row bf16_row();
Row topk_row();
Row randk_row();
Row qsgd_row();
Row sign_row();
Row entropy_row();
Row kmeans_row();
Row bytensor_row();

}  // namespace parley::compression
