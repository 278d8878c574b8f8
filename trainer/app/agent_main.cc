// eoa-trainer: the agent of one pod.
#include "trainer/agent/agent.h"

int main(int argc, char** argv) { return eoa::agent::AgentMain(argc, argv); }
