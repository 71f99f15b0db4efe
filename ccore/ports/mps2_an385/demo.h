/* What the parts of the demonstration know of each other. SPDX-License-Identifier: Apache-2.0 */
#ifndef DEMO_H
#define DEMO_H

#include "body.h"

extern const struct ionto_config demo_config;
extern struct body demo_body;
extern uint32_t demo_memory[2];   /* survives the demonstration's loss of power */

/* Adds a tick's record to the digest of all ticks. */
void demo_note_sense(const struct ionto_sense *sense);
void demo_note_drive(const struct ionto_drive *drive);

/* The supervisor: prints the telemetry and gives the next request of the script. Always 1: it is never silent. */
uint32_t demo_supervise(const struct ionto_telemetry *telemetry, struct ionto_request *request);

#endif
