/**
 * What a boot must have been: Keylime's reference states ({@link
 * io.limestone.policy.boot.ReferenceState}) and boot policies of our own ({@link
 * io.limestone.policy.boot.BootRules}), both over the events of a log that has been found genuine.
 */
@NullMarked
package io.limestone.policy.boot;

import org.jspecify.annotations.NullMarked;
