/**
 * Making runtime policies out of what is known of machines: lists, other policies, file digests.
 */
@NullMarked
package io.limestone.policy.create;

import org.jspecify.annotations.NullMarked;
