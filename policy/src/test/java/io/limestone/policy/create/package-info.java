@NullMarked
package io.limestone.policy.create;

import org.jspecify.annotations.NullMarked;
