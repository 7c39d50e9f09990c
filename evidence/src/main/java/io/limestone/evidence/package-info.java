/**
 * What a node shows besides its quote: the IMA measurement list and the TCG event log. Both are
 * hostile bytes: parsed by their grammar with every length bounded, replayed into PCR values, and
 * judged by nobody here. Pure functions.
 */
@NullMarked
package io.limestone.evidence;

import org.jspecify.annotations.NullMarked;
