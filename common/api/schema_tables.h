// The larger tables of the job's schema; job_schema.cc puts them together. Private to common/api.
#pragma once

#include "common/api/schema.h"

namespace eoa::api {

const ObjectSchema& TrainerSchema();
const ObjectSchema& EcosphereSchema();
const ObjectSchema& PopulationSchema();

}  // namespace eoa::api
