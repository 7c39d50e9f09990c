@NullMarked
package io.limestone.policy;

import org.jspecify.annotations.NullMarked;
