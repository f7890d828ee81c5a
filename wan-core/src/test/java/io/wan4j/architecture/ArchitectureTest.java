package io.wan4j.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Packages depend on each other only as the design says. */
class ArchitectureTest {
    private static final String ROOT = "io.wan4j";

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_JARS)
            .importPackages(ROOT);

    /**
     * A package and those of ours that it may use.
     *
     * @param name below the root; empty for the root itself
     * @param minimum classes that it holds at least, so that no rule passes on nothing
     * @param uses names of packages, each with all below it
     */
    private record Part(String name, int minimum, List<String> uses) {
        String path() {
            return name.isEmpty() ? ROOT : ROOT + "." + name;
        }

        boolean mayUse(JavaClass other) {
            String target = other.getPackageName();
            return target.equals(path())
                    || uses.stream().map(use -> ROOT + "." + use).anyMatch(use -> within(target, use));
        }

        private static boolean within(String target, String parent) {
            return target.equals(parent) || target.startsWith(parent + ".");
        }

        @Override
        public String toString() {
            return path();
        }
    }

    private static Part part(String name, int minimum, String... uses) {
        return new Part(name, minimum, List.of(uses));
    }

    static List<Part> parts() {
        String[] model = {"ops", "spi", "tensor", "error"};
        return List.of(
                part("error", 4),
                part("tensor", 10, "error"),
                part("spi", 12, "tensor", "error"),
                part("ops", 4, "spi", "tensor", "error"),
                part("dry", 5, "spi", "tensor", "error"),
                part("roofline", 4, "dry", "ops", "spi", "tensor", "error"),
                part("cpu", 15, "spi", "tensor", "error"),
                part("model.dit", 5, model),
                part("model.text", 3, model),
                part("model.vision", 2, model),
                part("model.vae", 10, model),
                part("scheduler", 8, "tensor", "error"),
                part("random", 1, "error"),
                part("checkpoint", 5, "tensor", "error"),
                part("checkpoint.safetensors", 3, "checkpoint", "tensor", "error"),
                part("checkpoint.pickle", 4, "checkpoint", "tensor", "error"),
                part("checkpoint.gguf", 4, "checkpoint", "tensor", "error"),
                part("checkpoint.layout", 8, "checkpoint", "tensor", "error"),
                part("checkpoint.quantise", 5, "checkpoint", "tensor", "error"),
                part("checkpoint.lora", 8, "checkpoint", "tensor", "error"),
                part("media", 10, "tensor", "error"),
                part("prompt", 4, "error"),
                part(
                        "pipeline",
                        5,
                        "model",
                        "scheduler",
                        "random",
                        "checkpoint",
                        "media",
                        "prompt",
                        "dry",
                        "ops",
                        "spi",
                        "tensor",
                        "error"),
                part(
                        "",
                        5,
                        "pipeline",
                        "model",
                        "scheduler",
                        "random",
                        "checkpoint",
                        "media",
                        "prompt",
                        "dry",
                        "ops",
                        "spi",
                        "tensor",
                        "error"));
    }

    @ParameterizedTest
    @MethodSource("parts")
    void packageUsesOnlyWhatItMay(Part part) {
        classes()
                .that()
                .resideInAPackage(part.path())
                .should()
                .onlyDependOnClassesThat(describe(
                        "belong to " + part.uses() + " or to libraries",
                        other -> !Part.within(other.getPackageName(), ROOT) || part.mayUse(other)))
                .check(CLASSES);
    }

    @ParameterizedTest
    @MethodSource("parts")
    void packageIsNotEmpty(Part part) {
        assertThat(in(part.path())).hasSizeGreaterThanOrEqualTo(part.minimum());
    }

    private static Set<JavaClass> in(String path) {
        return CLASSES.stream()
                .filter(each -> each.getPackageName().equals(path)
                        && each.isTopLevelClass()
                        && !each.getSimpleName().equals("package-info"))
                .collect(Collectors.toSet());
    }

    @Test
    void everyPackageHasARule() {
        Set<String> known = parts().stream().map(Part::path).collect(Collectors.toCollection(TreeSet::new));
        Set<String> found =
                CLASSES.stream().map(JavaClass::getPackageName).collect(Collectors.toCollection(TreeSet::new));
        assertThat(found).isEqualTo(known);
    }

    @Test
    void everyPackageIsNullMarked() {
        for (Part part : parts()) {
            JavaPackage found = CLASSES.getPackage(part.path());
            assertThat(found.isAnnotatedWith(NullMarked.class)).as(part.path()).isTrue();
        }
    }

    @Test
    void packagesFormNoCycles() {
        slices().matching(ROOT + ".(**)").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void onlyServicesLeadToTheReferenceBackend() {
        noClasses()
                .that()
                .resideOutsideOfPackage(ROOT + ".cpu")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(ROOT + ".cpu")
                .check(CLASSES);
    }

    @Test
    void librariesAreSilent() {
        NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS.check(CLASSES);
        NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING.check(CLASSES);
        noClasses()
                .should()
                .callMethodWhere(describe(
                        "Throwable.printStackTrace", call -> call.getName().equals("printStackTrace")))
                .check(CLASSES);
    }

    @Test
    void inputIsNeverCheckedWithAssert() {
        noFields().should().haveName("$assertionsDisabled").check(CLASSES);
    }

    @Test
    void staticStateIsFinal() {
        fields().that().areStatic().should().beFinal().check(CLASSES);
    }

    @Test
    void abstractClassesHaveSeveralChildren() {
        for (JavaClass each : CLASSES) {
            boolean isAbstract = each.getModifiers().contains(JavaModifier.ABSTRACT) && !each.isInterface();
            if (isAbstract && !each.isEnum()) {
                assertThat(each.getSubclasses()).as(each.getName()).hasSizeGreaterThan(1);
            }
        }
    }

    @Test
    void noClassIsNamedUtils() {
        List<String> names = CLASSES.stream().map(JavaClass::getSimpleName).toList();
        assertThat(names).noneMatch(name -> name.endsWith("Utils") || name.endsWith("Util"));
        assertThat(names.size()).isGreaterThan(150);
    }

    @Test
    void spiNeedsNoLibraryButLogging() {
        Set<String> used = in(ROOT + ".spi").stream()
                .flatMap(each -> each.getDirectDependenciesFromSelf().stream())
                .map(dependency ->
                        dependency.getTargetClass().getBaseComponentType().getPackageName())
                .filter(name -> !name.isEmpty())
                .collect(Collectors.toSet());
        assertThat(used)
                .isNotEmpty()
                .allMatch(name ->
                        Stream.of("java.", ROOT, "org.jspecify", "org.slf4j").anyMatch(name::startsWith));
    }
}
