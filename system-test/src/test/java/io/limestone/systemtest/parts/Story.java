package io.limestone.systemtest.parts;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestWatcher;

/**
 * A test class whose tests tell one story in their {@code @Order}, on the same parts. After a
 * failure the rest is skipped: it would only wait for what no longer comes.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@ExtendWith(Story.Teller.class)
public @interface Story {
  /** Remembers the first failure. */
  final class Teller implements TestWatcher, ExecutionCondition {
    private static final ExtensionContext.Namespace HERE =
        ExtensionContext.Namespace.create(Story.class);

    @Override
    public void testFailed(ExtensionContext context, @Nullable Throwable cause) {
      store(context).put("broken", context.getDisplayName());
    }

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      Object broken = context.getTestMethod().isPresent() ? store(context).get("broken") : null;
      return broken == null
          ? ConditionEvaluationResult.enabled("the story goes on")
          : ConditionEvaluationResult.disabled("the story broke at " + broken);
    }

    private static ExtensionContext.Store store(ExtensionContext context) {
      ExtensionContext ofClass =
          context.getTestMethod().isPresent() ? context.getParent().orElseThrow() : context;
      return ofClass.getStore(HERE);
    }
  }
}
