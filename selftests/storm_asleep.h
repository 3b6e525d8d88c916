/* SPDX-License-Identifier: GPL-2.0 */
/* Is every thread that sleeps in a call rightly asleep? */
#ifndef STORM_ASLEEP_H
#define STORM_ASLEEP_H

#include "storm_ledger.h"

/* TELL: report a finding for each thing that is not as it should be. */
bool asleep_rightly(int control, bool tell);

#endif /* STORM_ASLEEP_H */
