/**
 * The TCG event log of a boot: read by its grammar, each event's data into a payload, each bank
 * replayed into PCR values, and for each event what its digest proves of its data. Judges nothing.
 *
 * <p>Start at {@link io.limestone.evidence.boot.BootLog}; whoever decides anything by an event's
 * data takes it from {@link io.limestone.evidence.boot.MeasuredEvent#proven}.
 */
@NullMarked
package io.limestone.evidence.boot;

import org.jspecify.annotations.NullMarked;
