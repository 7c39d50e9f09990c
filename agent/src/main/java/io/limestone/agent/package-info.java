@NullMarked
package io.limestone.agent;

import org.jspecify.annotations.NullMarked;
