"""What a class does together: a teacher leads through a lesson, pages follow, students answer."""
