@NullMarked
package io.limestone.policy.boot;

import org.jspecify.annotations.NullMarked;
