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
Row blocktopk_row();
Row threshold_row();
Row sampledtopk_row();
Row lowrank_row();
Row eden_row();
Row terngrad_row();
Row signsgd_row();
Row onebit_row();
Row fixed_row();
Row twn_row();
Row ttq_row();
Row wage_row();
Row mx_row();
Row natural_row();
Row natural_dithering_row();
Row uniform_row();
Row dorefa_row();
Row nuqsgd_row();
Row clip_row();
Row zipml_row();
Row ecq_row();
Row lab_row();
Row sketch_row();
Row atomo_row();
Row entropy_row();
Row huffman_row();
Row kmeans_row();
Row hessian_kmeans_row();
Row product_row();
Row residual_row();
Row weighted_entropy_row();
Row bytensor_row();

}  // namespace parley::compression
