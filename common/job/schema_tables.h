// The larger tables of the job's schema; job_schema.cc puts them together. Private to common/job.
#pragma once

#include "common/job/schema.h"

namespace eoa::api {

const ObjectSchema& TrainerSchema();
const ObjectSchema& EcosphereSchema();
const ObjectSchema& PopulationSchema();

}  // namespace eoa::api
