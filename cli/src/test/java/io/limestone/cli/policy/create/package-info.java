@NullMarked
package io.limestone.cli.policy.create;

import org.jspecify.annotations.NullMarked;
